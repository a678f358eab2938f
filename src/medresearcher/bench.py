"""The performance suite: named benchmarks over a knowledge base, each result beside its mark.

A mark is a limit that the project set itself, or what a peer measured in the same run. The ratio
says how many times better than its mark a result is: at least 1 where it is met.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

from medresearcher.audit.certificates import auditor_of
from medresearcher.audit.detection import detection
from medresearcher.bench_mining import Copies, measure_mining
from medresearcher.engines.progress import progress
from medresearcher.errors import InputError
from medresearcher.graph.blocks import bits
from medresearcher.graph.chains import Step
from medresearcher.graph.longest import Chain, Neighbourhoods, Subgraph, longest_chain
from medresearcher.graph.query import Solver
from medresearcher.graph.rarity import rarity
from medresearcher.graph.store import Graph
from medresearcher.graph.vocabulary import VOCABULARY, load_dictionary, write_dictionary
from medresearcher.kb import GRAPH, KnowledgeBase
from medresearcher.questions.certify import certify
from medresearcher.questions.compose import Composer, Draft, Plan
from medresearcher.questions.synthesize import write_questions
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Question
from medresearcher.runs import read_records
from medresearcher.settings import Controls, SynthesisSettings
from medresearcher.sources.fetch import open_source
from medresearcher.sources.files import Files
from medresearcher.sources.registry import SOURCES

T = TypeVar("T")

LOAD_LIMIT_S = 2.0
MINING_LIMIT = 4_000.0
NAMES_LIMIT_S = 1.5
MEMORY_LIMIT = 1.1
PUBMED = 38_000_000
_COPIES = 20
CHAIN_LIMIT_MS = 50.0
AUDIT_LIMIT = 5_000.0  # certificates per minute and processor
DETECTION_LIMIT = 0.99
LONG = 10
_DISEASES, _NODES = 200, 2_000
_SIZES, _SAMPLES, _STARTS = (8, 16, 20), 10, 10
_PEER_S = 3.0
_LOADS, _DRAFTS = 3, 60
_QUESTIONS, _MUTANTS = 48, 100


class Result(NamedTuple):
    """One measured value; `mark` is what it is held against, and `ratio` above 1 is better."""

    name: str
    value: float
    unit: str
    n: int
    against: str = ""
    mark: float | None = None
    ratio: float | None = None


def lower(name: str, value: float, unit: str, n: int, against: str, mark: float) -> Result:
    """A result that is better when it is lower than its mark."""
    return Result(name, value, unit, n, against, mark, mark / value if value else None)


def higher(name: str, value: float, unit: str, n: int, against: str, mark: float) -> Result:
    """A result that is better when it is higher than its mark."""
    return Result(name, value, unit, n, against, mark, value / mark if mark else None)


@dataclass(frozen=True)
class Bench:
    """What the benchmarks work on. `max_publications`: what counts as rare.

    `downloads`: where the fetched sources are, for the benchmarks of mining.
    """

    base: KnowledgeBase
    seed: int
    max_publications: int
    downloads: Path | None = None

    @cached_property
    def graph(self) -> Graph:
        """The graph of the knowledge base."""
        return self.base.graph

    @cached_property
    def rare(self) -> list[str]:
        """Rare diseases with a known gene, in an order drawn from the seed."""
        diseases = self.graph.ids(EntityType.DISEASE)
        shuffled = Random(self.seed).sample(diseases, len(diseases))
        return list(islice(filter(self._is_rare, shuffled), _DISEASES))

    def _is_rare(self, disease: str) -> bool:
        if not self.graph.subjects(disease, Predicate.CAUSES):
            return False
        return rarity(self.graph, disease, self.max_publications).rare is True


def run_bench(bench: Bench, names: Sequence[str] = ()) -> list[Result]:
    """Run the named benchmarks, or all that take a minute at most.

    Raises `InputError` for a name that there is not.
    """
    wanted = names or [name for name in BENCHMARKS if name not in ON_REQUEST]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise InputError(f"no benchmark `{unknown[0]}`; there are {', '.join(BENCHMARKS)}")
    results: list[Result] = []
    with progress("bench", len(wanted)) as advance:
        for name in wanted:
            results += BENCHMARKS[name](bench)
            advance(note=name)
    return results


def load(bench: Bench) -> Iterator[Result]:
    """How long a built graph takes to load."""
    folder = bench.base.folder / GRAPH
    seconds = [_timed(lambda: Graph.load(folder))[1] for _ in range(_LOADS)]
    value = statistics.median(seconds)
    yield lower("load: graph", value, "s", _LOADS, "limit", LOAD_LIMIT_S)


def chains(bench: Bench) -> Iterator[Result]:
    """The longest chains around rare diseases: time with the cutting out, length and proof."""
    cut = Neighbourhoods(bench.graph)
    found: list[Chain] = []
    cutting: list[float] = []
    searching: list[float] = []
    for disease in bench.rare:
        subgraph, spent = _timed(lambda one=disease: cut.around(one, _NODES))
        chain, more = _timed(lambda one=disease, sub=subgraph: longest_chain(sub, one))
        found.append(chain)
        cutting.append(1000 * spent)
        searching.append(1000 * more)
    if not found:
        raise InputError("the knowledge base has no rare disease with a known gene")
    n = len(found)
    total = [one + other for one, other in zip(cutting, searching, strict=True)]
    yield lower("chains: median", statistics.median(total), "ms", n, "limit", CHAIN_LIMIT_MS)
    yield Result("chains: 95th percentile", _quantile(total, 0.95), "ms", n)
    yield Result("chains: median of the search alone", statistics.median(searching), "ms", n)
    hops = [one.hops for one in found]
    for name, share in (("10th percentile", 0.1), ("median", 0.5), ("90th percentile", 0.9)):
        yield Result(f"chains: {name} of hops", _quantile(hops, share), "hops", n)
    yield Result("chains: most hops", max(hops), "hops", n)
    yield Result("chains: proven longest", sum(one.proven for one in found) / n, "share", n)
    yield Result(f"chains: {LONG} hops or more", sum(h >= LONG for h in hops) / n, "share", n)
    loose = [one.bound / one.hops for one in found if not one.proven]
    if loose:
        value = statistics.median(loose)
        yield Result("chains: bound over hops where unproven", value, "times", len(loose))
    able = [one.hops >= LONG for one in found if one.bound >= LONG]
    yield Result("chains: the same where the bound allows", _share(able), "share", len(able))


def peer(bench: Bench) -> Iterator[Result]:
    """The longest chain beside full enumeration, on real and on dense samples of equal size.

    Both search from the same ten starts. The hops of a path that count are those that its own
    nodes give no way around.
    """
    cut = Neighbourhoods(bench.graph)
    for size in _SIZES:
        rng = Random(bench.seed)
        whole = (sub for one in bench.rare if len((sub := cut.around(one, size)).nodes) == size)
        yield from _beside("real", size, list(islice(whole, _SAMPLES)))
        yield from _beside("dense", size, [dense(size, rng) for _ in range(_SAMPLES)])


def _beside(kind: str, size: int, samples: list[Subgraph]) -> Iterator[Result]:
    """Both searches over some samples of one kind."""
    n = len(samples)
    if not n:
        return
    starts = range(min(_STARTS, size))
    theirs = [_timed(lambda sub=one: enumerate_paths(sub, starts, size)) for one in samples]
    ours = [_timed(lambda sub=one: _longest(sub, starts)) for one in samples]
    name, against = f"peer: {size} nodes, {kind}", "full enumeration"
    if cut := sum(not whole for (_, whole), _ in theirs):
        against += f", {cut} of {n} stopped at {_PEER_S:.0f} s"
    own, mark = (1000 * statistics.mean(spent for _, spent in one) for one in (ours, theirs))
    yield lower(f"{name}, time", own, "ms", n, against, mark)
    own = statistics.mean(hops for hops, _ in ours)
    ways = zip(samples, theirs, strict=True)
    mark = statistics.mean(necessary_hops(sub, path) for sub, ((path, _), _) in ways)
    yield higher(f"{name}, necessary hops", own, "hops", n, against, mark)


def _longest(subgraph: Subgraph, starts: Sequence[int]) -> int:
    return max(longest_chain(subgraph, subgraph.nodes[start]).hops for start in starts)


def enumerate_paths(
    subgraph: Subgraph, starts: Sequence[int], depth: int, seconds: float = _PEER_S
) -> tuple[list[int], bool]:
    """The longest of all simple paths of at most `depth` nodes; whether all were seen in time.

    Our own rendering of the idea of `max_chain` in the paper's published code: every simple path
    from each start is listed, and the longest is taken.
    """
    stop = time.perf_counter() + seconds
    near = [list(bits(links)) for links in subgraph.links]
    best: list[int] = []
    stack = [[start] for start in reversed(starts)]
    while stack:
        path = stack.pop()
        if len(path) > len(best):
            best = path
        if time.perf_counter() > stop:
            return best, False
        if len(path) < depth:
            stack += [[*path, node] for node in near[path[-1]] if node not in path]
    return best, True


def necessary_hops(subgraph: Subgraph, path: Sequence[int]) -> int:
    """The hops of the shortest way between the ends of a path, among its own nodes."""
    inside = sum(1 << node for node in path)
    goal = 1 << path[-1]
    reached = edge = 1 << path[0]
    hops = 0
    while not reached & goal:
        near = 0
        for node in bits(edge):
            near |= subgraph.touches[node]
        edge = near & inside & ~reached
        reached |= edge
        hops += 1
    return hops


def dense(size: int, rng: Random) -> Subgraph:
    """A connected sample with two sides, of whose pairs about a third are linked at random."""
    links = [0] * size
    for one in range(size):
        for other in range(one + 1, size, 2):
            if other == one + 1 or rng.random() < 1 / 3:
                links[one] |= 1 << other
                links[other] |= 1 << one
    nodes = tuple(f"NODE:{one}" for one in range(size))
    steps = tuple(
        tuple(
            Step(nodes[one], Predicate.CAUSES, nodes[other], forward=True) for other in bits(near)
        )
        for one, near in enumerate(links)
    )
    return Subgraph(nodes, tuple(links), tuple(links), steps)


def proofs(bench: Bench) -> Iterator[Result]:
    """How many questions are proven in a second: one answer, and every clue needed."""
    composer = Composer(bench.graph, Controls())
    rng = Random(bench.seed)
    plans = [Plan("chain", hops, EntityType.DISEASE) for hops in (2, 4)]
    drafts = (composer.compose(one, plans[n % 2], rng) for n, one in enumerate(bench.rare))
    made = list(islice((one for one in drafts if one), _DRAFTS))
    if not made:
        raise InputError("the knowledge base gives no question to prove")
    solver = Solver(bench.graph)
    _, seconds = _timed(lambda: [_prove(solver, one) for one in made])
    yield Result("proofs: questions", len(made) / seconds, "per second", len(made))
    queries = sum(1 + len(one.clues) for one in made)
    yield Result("proofs: queries", queries / seconds, "per second", queries)


def _prove(solver: Solver, draft: Draft) -> None:
    nodes = [one.id for one in draft.entities]
    certify(solver, draft.certificate.query, draft.answer.id, nodes, draft.pattern.branch)


def mutations(bench: Bench) -> Iterator[Result]:
    """How fast certificates are proven again, and which share of injected defects is found."""
    with tempfile.TemporaryDirectory(prefix="medresearcher-") as folder:
        file = Path(folder) / "questions.jsonl"
        write_questions(bench.graph, file, SynthesisSettings(), count=_QUESTIONS, seed=bench.seed)
        questions = list(read_records(file, Question))
    auditor = auditor_of(bench.base.folder / GRAPH)
    auditor.check(questions[0])  # what is read once for all does not count
    refused, seconds = _timed(lambda: sum(bool(auditor.check(one)) for one in questions))
    number = len(questions)
    speed = 60 * number / seconds
    yield higher("audit: certificates", speed, "per minute", number, "limit", AUDIT_LIMIT)
    yield Result("audit: good ones refused", refused / number, "share", number)
    for name, one in detection(questions, auditor, Random(bench.seed), _MUTANTS).items():
        found = one.detected / one.made if one.made else 0.0
        yield higher(f"audit: {name}", found, "share", one.made, "limit", DETECTION_LIMIT)


def mining(bench: Bench) -> Iterator[Result]:
    """How fast citations are read and mined on one core, and how long all of PubMed would take."""
    files = _citations(bench)
    with _names(bench) as names:
        loaded = [_timed(lambda: load_dictionary(names))[1] for _ in range(_LOADS)]
        done = measure_mining(files, names)
    value = statistics.median(loaded)
    yield lower("mining: loading the names", value, "s", _LOADS, "limit", NAMES_LIMIT_S)
    yield Result("mining: loading, with the automaton", done.ready_s, "s", 1)
    rate, n = done.citations / done.seconds, done.citations
    yield higher("mining: citations on one core", rate, "per second", n, "limit", MINING_LIMIT)
    for cores in (1, 16):
        name = f"mining: 38 million citations, {cores} core{'s' * (cores > 1)}"
        yield Result(name, PUBMED / rate / cores / 3_600, "h, projected", n)


def mining_memory(bench: Bench) -> Iterator[Result]:
    """The most memory that mining takes, for the files as they are and twenty times as many."""
    files = _citations(bench)
    with _names(bench) as names:
        few, many = (measure_mining(Copies(files, copies), names) for copies in (1, _COPIES))
    for done in (few, many):
        yield Result("mining-memory: at most", done.peak / 2**20, "MiB", done.citations)
    against = f"limit, {few.citations:,} citations"
    ratio = many.peak / few.peak
    yield lower("mining-memory: growth", ratio, "times", many.citations, against, MEMORY_LIMIT)
    rate = many.citations / many.seconds
    yield Result("mining-memory: citations on one core", rate, "per second", many.citations)


def _citations(bench: Bench) -> Files:
    if bench.downloads is None:
        raise InputError("mining is measured on the fetched MEDLINE files; none were given")
    return open_source(SOURCES["pubmed"], bench.downloads)


@contextmanager
def _names(bench: Bench) -> Generator[Path]:
    """The names that are stored with the knowledge base, or else made from it now."""
    stored = bench.base.folder / VOCABULARY
    if stored.exists():
        yield stored
        return
    with tempfile.TemporaryDirectory() as place:
        write_dictionary(bench.graph, Path(place))
        yield Path(place)


BENCHMARKS: Mapping[str, Callable[[Bench], Iterator[Result]]] = {
    "load": load,
    "chains": chains,
    "peer": peer,
    "proofs": proofs,
    "mutations": mutations,
    "mining": mining,
    "mining-memory": mining_memory,
}
# These take minutes, so they run only by name.
ON_REQUEST = frozenset({"mining-memory"})


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    done = work()
    return done, time.perf_counter() - start


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def table(results: Sequence[Result]) -> Iterator[str]:
    """The results as lines of a table."""
    rows = [("name", "value", "unit", "n", "peer or limit", "ratio"), *map(_row, results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if place in (1, 3, 5) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _row(one: Result) -> tuple[str, ...]:
    mark = "" if one.mark is None else f"{_short(one.mark)} ({one.against})"
    ratio = "" if one.ratio is None else _short(one.ratio)
    return one.name, _short(one.value), one.unit, str(one.n), mark, ratio


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
