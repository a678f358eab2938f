"""A profile as text for a terminal: sections of aligned lines, long ones cut with how to go on."""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby

from medresearcher.graph.conflicts import conflicts
from medresearcher.graph.store import Graph
from medresearcher.records.question import Rarity
from medresearcher.retrieval.relations import Fact, claim_words, claims_of, facts
from medresearcher.tools.profile import MatchProfile, PrevalenceProfile, Profile

PER_SECTION = 12
PER_PAGE = 40
_MAX_NAME = 44
_MAX_NAMES = 8

Line = tuple[str, str, str]


def show_text(graph: Graph, found: Profile, width: int = 100) -> str:
    """The whole profile; each relation is cut to its first facts."""
    parts = [_head(found, width)]
    for name, some in found.facts.items():
        shown = facts(graph, found.entity.id, name, stop=PER_SECTION)
        more = len(some) - len(shown)
        how = f'… {more:,} more: show "{found.entity.id}" --relation {name}' if more else ""
        parts.append(_section(name, len(some), map(_fact, shown), width, how))
    parts += [
        _section("prevalence", len(found.prevalence), _prevalences(found.prevalence), width),
        _disagreements(graph, found, width),
        _mentions(found, width),
    ]
    return "\n\n".join(filter(None, parts))


def relation_text(graph: Graph, found: Profile, page: int, width: int = 100) -> str:
    """One page of the one relation that the profile has."""
    ((name, some),) = found.facts.items()
    shown = facts(graph, found.entity.id, name, (page - 1) * PER_PAGE, page * PER_PAGE)
    pages = -(-len(some) // PER_PAGE)
    how = f"page {page} of {pages}" if pages > 1 else ""
    return f"{_title(found)}\n\n{_section(name, len(some), map(_fact, shown), width, how)}"


def _head(found: Profile, width: int) -> str:
    entity = found.entity
    fields = {
        "also known as": _some(entity.aliases),
        "same as": _some(entity.equivalents),
        **_matches(found.matches),
        "rarity": _rarity(found.rarity) if found.rarity else "",
        "listed as rare": ", ".join(entity.designations),
        "definition": _flat(entity.definition),
    }
    lines = [_title(found)]
    for name, text in fields.items():
        if text:
            lines += _wrapped(f"  {name:<15}  ", text, width)
    return "\n".join(lines)


def _title(found: Profile) -> str:
    entity = found.entity
    return f"{_flat(entity.name)} ({entity.id}) · {entity.type.replace('_', ' ')}"


def _rarity(one: Rarity) -> str:
    if one.rule == "none":
        return one.why
    verdict = {True: "rare", False: "not rare", None: "undecided"}[one.rare]
    cited = f" [{', '.join(one.references)}]" if one.references else ""
    return f"{verdict} ({one.rule.replace('_', ' ')}): {one.why}{cited}"


def _matches(matches: Sequence[MatchProfile]) -> dict[str, str]:
    words = {"broad": "broader", "narrow": "narrower", "exact": "called the same"}
    ordered = sorted(matches, key=lambda one: one.kind)
    return {
        words[kind]: _some([f"{one.name} ({one.id})" if one.name else one.id for one in some])
        for kind, some in groupby(ordered, key=lambda one: one.kind)
    }


def _fact(one: Fact) -> Line:
    words = claim_words(one.claims)
    if one.against:
        other = "stated" if one.absent else "denied"
        words += f" · CONFLICT: {other} by {', '.join(one.against)}"
    return _flat(one.name), one.id, words


def _prevalences(rows: Iterable[PrevalenceProfile]) -> list[Line]:
    return [
        (
            f"{one.measure.replace('_', ' ')}, {one.area or 'area not stated'}",
            one.label,
            f"[{', '.join(one.references or (f'{one.source} {one.record}',))}]",
        )
        for one in rows
    ]


def _disagreements(graph: Graph, found: Profile, width: int) -> str:
    """One line for each object that rows disagree about."""
    lines: list[Line] = []
    for one in conflicts(graph, found.entity.id) if found.conflicts else ():
        for obj in one.objects:
            rows = [row for row in one.statements if row.object == obj]
            sides = [
                ("denied " if denied else "") + claim_words(claims_of(side))
                for denied in (False, True)
                if (side := [row for row in rows if row.negated is denied])
            ]
            kind = one.kind.replace("_", " ")
            lines.append((_flat(graph.name(obj)), obj, f"{kind}: {', but '.join(sides)}"))
    more = len(lines) - PER_SECTION
    how = f"… {more:,} more: --json has them all" if more > 0 else ""
    return _section("disagreements", len(lines), lines[:PER_SECTION], width, how)


def _mentions(found: Profile, width: int) -> str:
    if found.corpus is None:
        return ""
    counted = found.corpus.mentions
    said = "no name of it was looked for" if counted is None else f"{counted:,}"
    lines = [f"mentions: {said} of {found.corpus.citations:,} citations"]
    for one in found.mentions:
        name = f"with {one.name or one.id} ({one.id})"
        lines += _wrapped("  ", f"{name}: “{_flat(one.span)}” [{one.reference}]", width)
    return "\n".join(lines)


def _section(heading: str, count: int, lines: Iterable[Line], width: int, how: str = "") -> str:
    """A heading with the count of all, and aligned lines; nothing for a count of 0."""
    rows = list(lines)
    if not count:
        return ""
    names = [len(row[0]) for row in rows if len(row[0]) <= _MAX_NAME]
    name = max(names, default=0)
    curie = max((len(row[1]) for row in rows), default=0)
    text = [f"{heading.replace('_', ' ')} ({count:,}):"]
    for row in rows:
        start = f"  {row[0]:<{name}}  {row[1]:<{curie}}  "
        if len(row[0]) > name:  # too long for its column: the rest goes below
            text.append(f"  {row[0]}")
            start = f"{'':<{name + 4}}{row[1]:<{curie}}  "
        text += _wrapped(start, row[2], width)
    return "\n".join([*text, *([f"  {how}"] if how else [])])


def _wrapped(start: str, text: str, width: int) -> list[str]:
    """`start` and `text`, with later lines indented under the text, or by six if that is far."""
    indent = len(start) if len(start) <= 0.7 * width else 6
    lines = textwrap.wrap(
        text,
        width=max(width, 40),
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [start.rstrip()]


def _some(names: Sequence[str]) -> str:
    more = f"; +{len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return "; ".join(map(_flat, names[:_MAX_NAMES])) + more


def _flat(text: str) -> str:
    return " ".join(text.split())
