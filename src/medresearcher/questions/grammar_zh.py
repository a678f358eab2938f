"""The grammar that says a pattern and its clues in Chinese.

As in English (`grammar`), a question is an opening that describes the rare disease, a sentence for
each step or for two through something unsaid, and the question itself; no name of a hidden entity
is ever at hand. The text of a clue stands in the question as it is.
"""

# ruff: noqa: RUF001 - the punctuation is Chinese

from collections.abc import Sequence
from random import Random

from medresearcher.graph.chains import Step
from medresearcher.questions.patterns import Pattern
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count, Masked

_DIGITS = "零一二三四五六七八九十"
_ORDINAL = 11
# Noun and measure word of each type.
_NOUNS = {
    EntityType.DISEASE: ("疾病", "种"),
    EntityType.GENE: ("基因", "个"),
    EntityType.GENE_GROUP: ("基因家族", "个"),
    EntityType.PATHWAY: ("通路", "条"),
    EntityType.DRUG: ("药物", "种"),
    EntityType.PHENOTYPE: ("体征", "种"),
}
_COUNTED = {
    EntityType.GENE: "恰好与{count}种疾病相关",
    EntityType.DISEASE: "恰好有{count}个相关基因",
    EntityType.GENE_GROUP: "恰好包含{count}个基因",
    EntityType.PHENOTYPE: "恰好见于{count}种疾病",
}
_CHOICES = {
    ("onset", "least"): "发病最早",
    ("onset", "most"): "发病最晚",
    ("edges", "least"): "相关疾病最少",
    ("edges", "most"): "相关疾病最多",
    ("share", "least"): "出现比例最低",
    ("share", "most"): "出现比例最高",
}
# A step as a sentence, by predicate and direction; `{also}` says that it is not the first such.
_VERBS = {
    (Predicate.CAUSES, True): "{start}{also}与{end}相关",
    (Predicate.CAUSES, False): "{start}{also}与{end}相关",
    (Predicate.MEMBER_OF, True): "{start}{also}属于{end}",
    (Predicate.MEMBER_OF, False): "{start}{also}包含{end}",
    (Predicate.PARTICIPATES_IN, True): "{start}{also}参与{end}",
    (Predicate.PARTICIPATES_IN, False): "{start}{also}涉及{end}",
    (Predicate.TREATS, True): "{start}{also}可用于治疗{end}",
    (Predicate.TREATS, False): "{start}{also}可用{end}治疗",
    (Predicate.AFFECTS, True): "{start}{also}作用于{end}",
    (Predicate.AFFECTS, False): "{start}{also}是{end}的作用靶点",
    (Predicate.HAS_PHENOTYPE, True): "{start}{also}出现{end}",
}
# The end of a step as seen from its start, to go on from at once.
_ENDS = {
    (Predicate.CAUSES, True): "与{start}相关的{end}",
    (Predicate.CAUSES, False): "与{start}相关的{end}",
    (Predicate.MEMBER_OF, True): "{start}所属的{end}",
    (Predicate.MEMBER_OF, False): "同属{start}的{end}",
    (Predicate.PARTICIPATES_IN, True): "{start}所参与的{end}",
    (Predicate.PARTICIPATES_IN, False): "同样参与{start}的{end}",
    (Predicate.TREATS, True): "{start}所治疗的{end}",
    (Predicate.TREATS, False): "用于治疗{start}的{end}",
    (Predicate.AFFECTS, True): "{start}所作用的{end}",
    (Predicate.AFFECTS, False): "作用于{start}的{end}",
}
# What two entities share.
_SHARED = {
    EntityType.GENE: "都与{end}相关",
    EntityType.DISEASE: "都与{end}相关",
    EntityType.GENE_GROUP: "都属于{end}",
    EntityType.PATHWAY: "都参与{end}",
    EntityType.PHENOTYPE: "都出现{end}",
}


def number(value: int, measure: bool = True) -> str:
    """A number in characters up to 99; before a measure word two is 两."""
    if value == 2 and measure:
        return "两"
    tens, ones = divmod(value, 10)
    if value <= 10:
        return _DIGITS[value]
    if value < 100:
        return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"
    return str(value)


def listed(items: Sequence[str]) -> str:
    """`甲`, `甲和乙`, `甲、乙和丙`."""
    return "和".join(filter(None, ("、".join(items[:-1]), *items[-1:])))


def clue_text(clue: Clue, kind: EntityType) -> str:
    """The Chinese words of a clue about an entity of a type; `clue.name` is its Chinese name."""
    condition = clue.condition
    if isinstance(condition, Count):
        return _COUNTED[kind].format(count=number(condition.low))
    if isinstance(condition, Choice):
        return _CHOICES[condition.measure, condition.extreme]
    if condition.share:
        low, high = condition.share
        return f"在{low:.0%}至{high:.0%}的受统计患者中出现{clue.name}"
    return clue.name


class Teller:
    """Tells one pattern; all choices are drawn from `rng`."""

    def __init__(
        self, entities: Sequence[Masked], pattern: Pattern, clues: Sequence[Clue], rng: Random
    ) -> None:
        self.pattern = pattern
        self.rng = rng
        self.register = rng.choice(("research", "vignette", "report", "story"))
        self.types = {entity.id: entity.type for entity in entities}
        self.clues = {
            entity.id: [clue for clue in clues if clue.mask == entity.mask] for entity in entities
        }
        self.met: dict[EntityType, list[str]] = {}
        self.told: list[Step] = []

    def tell(self) -> str:
        """The question, in one paragraph."""
        anchor = self.pattern.nodes[0]
        sentences = [self.opening(anchor)]
        self._meet(anchor)
        steps = list(self.pattern.steps)
        while steps and not self._asks(steps[0]):
            sentence, used = self._next(steps)
            sentences.append(f"{sentence}。")
            self.told += steps[:used]
            steps = steps[used:]
        return "".join((*sentences, self._ask_end(steps[0]) if steps else self._question()))

    # The opening.

    def opening(self, disease: str) -> str:
        """Describe the rare disease by its clues, in the manner of the register."""
        signs = listed([one.text for one in self._signs(disease)])
        kind = self._rare(disease)
        choices = {
            "vignette": (
                f"一名患者表现为{signs}，临床诊断为{kind}。",
                f"一名患者因{signs}就诊，检查结果提示{kind}。",
            ),
            "research": (
                f"有{kind}，其特征包括{signs}。",
                f"现研究{kind}，其主要表现包括{signs}。",
            ),
            "report": (
                f"据文献报道，{kind}可表现为{signs}。",
                f"文献记载了{kind}，患者的表现包括{signs}。",
            ),
            "story": (
                f"医生发现我有{signs}，怀疑是{kind}。",
                f"我的家人出现了{signs}，医生认为是{kind}。",
            ),
        }
        return self.rng.choice(choices[self.register])

    def _rare(self, disease: str) -> str:
        said = (Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET)
        adjectives = "、".join(text for one in said for text in self._said(disease, one))
        return f"一种{adjectives}的罕见病" if adjectives else "一种罕见病"

    # The middle.

    def _next(self, steps: Sequence[Step]) -> tuple[str, int]:
        """The next sentence, and how many steps it says."""
        first = steps[0]
        second = steps[1] if len(steps) > 1 else None
        if second is not None and second.start == first.end:
            if self._is_met(second.end):
                return self._shared(first, second), 2
            if self._is_passed(first.end) and not self._asks(second):
                return self._through(first, second), 2
        return self._single(first), 1

    def _asks(self, step: Step) -> bool:
        """Whether a step leads to an answer that is asked for by its relation."""
        kinds = (EntityType.PHENOTYPE, EntityType.INHERITANCE, EntityType.ONSET)
        return step.end == self.pattern.answer and self.types[step.end] in kinds

    def _is_met(self, node: str) -> bool:
        return node in self.met.get(self.types[node], ())

    def _is_passed(self, node: str) -> bool:
        """Whether nothing is said of an entity but the step to it and the step from it."""
        uses = sum(node in (step.start, step.end) for step in self.pattern.steps)
        return uses == 2 and not self.clues[node] and node != self.pattern.answer

    def _single(self, step: Step) -> str:
        start, also = self._name(step.start), "还" if self._again(step) else ""
        if self._is_met(step.end):
            return self._verb(step, start, self._name(step.end), also)
        self._meet(step.end)
        sentence = self._verb(step, start, self._introduced(step.end), also)
        return sentence + self._described(step.end)

    def _through(self, first: Step, second: Step) -> str:
        """Two steps in one sentence: 与该病相关的一个基因还与第二种疾病相关."""
        start = self._name(first.start)
        also = "还" if first.predicate is second.predicate else ""
        self._meet(first.end)
        way = _ENDS[first.predicate, first.forward]
        between = way.format(start=start, end=self._introduced(first.end))
        self._meet(second.end)
        sentence = self._verb(second, between, self._introduced(second.end), also)
        return sentence + self._described(second.end)

    def _shared(self, first: Step, second: Step) -> str:
        """Two steps that close a cycle: what two entities share."""
        both = sorted((first.start, second.end), key=self._place)
        names = "和".join(self._name(one) for one in both)
        self._meet(first.end)
        kind = self.types[first.end]
        shared = _SHARED.get(kind)
        if shared is None:  # a drug
            treated = self.types[first.start] is EntityType.DISEASE
            shared = "都可用{end}治疗" if treated else "都是{end}的作用靶点"
        what = "同一种体征" if kind is EntityType.PHENOTYPE else self._introduced(first.end)
        return names + shared.format(end=what) + self._described(first.end)

    def _verb(self, step: Step, start: str, end: str, also: str) -> str:
        return _VERBS[step.predicate, step.forward].format(start=start, end=end, also=also)

    def _again(self, step: Step) -> bool:
        """Whether an earlier step told of the same relation of an entity."""
        return any(
            one.predicate is step.predicate and step.start in (one.start, one.end)
            for one in self.told
        )

    # The question.

    def _ask_end(self, step: Step) -> str:
        """Ask for a sign, the inheritance or the onset of the last disease."""
        start, kind = self._name(step.start), self.types[step.end]
        if kind is EntityType.INHERITANCE:
            return self.rng.choice((f"{start}的遗传方式是什么？", f"请问{start}以何种方式遗传？"))
        if kind is EntityType.ONSET:
            return self.rng.choice((f"{start}在人生的哪个阶段发病？", f"请问{start}何时发病？"))
        choice, counted = self._choice(step.end), self._counted(step.end)
        if choice:
            fitting = f"且{counted}" if counted else ""
            return f"在{start}有统计数据{fitting}的体征中，哪一种{choice}？"
        return f"{start}的哪一种体征{counted}？" if counted else f"请说出{start}的一种体征。"

    def _question(self) -> str:
        """Ask for an answer that the sentences before have described."""
        node = self.pattern.answer
        noun, measure = _NOUNS[self.types[node]]
        name, choice = self._name(node), self._choice(node)
        if choice:
            return f"在符合上述关于{name}描述的所有{noun}中，哪一{measure}{choice}？"
        asked = [f"请问{name}是什么？", f"{name}叫什么名称？", f"请指出{name}的名称。"]
        asked += {
            "story": [f"您能告诉我{name}叫什么吗？"],
            "research": [f"请确定{name}。"],
        }.get(self.register, [])
        return self.rng.choice(asked)

    # Noun phrases.

    def _meet(self, node: str) -> None:
        self.met.setdefault(self.types[node], []).append(node)

    def _place(self, node: str) -> int:
        """The place of an entity among those of its type."""
        return self.met[self.types[node]].index(node)

    def _introduced(self, node: str) -> str:
        """An entity that has just been met: 一个基因, 第二种疾病."""
        noun, measure = _NOUNS[self.types[node]]
        place = self._place(node)
        count = f"第{number(place + 1, measure=False)}" if place else "一"
        return f"{count}{measure}{noun}"

    def _name(self, node: str) -> str:
        """A reference to an entity by its place among those of its type."""
        kind = self.types[node]
        noun, measure = _NOUNS[kind]
        if len(self.met[kind]) == 1:
            return f"该{noun}"
        return f"第{number(self._place(node) + 1, measure=False)}{measure}{noun}"

    def _described(self, node: str) -> str:
        """What the clues say of an entity that has just been met, behind a comma."""
        parts = self._of_disease(node) if self.types[node] is EntityType.DISEASE else []
        counted = self._counted(node)
        parts += [counted] if counted else []
        return f"，后者{'，'.join(parts)}" if parts else ""

    def _of_disease(self, disease: str) -> list[str]:
        inherited = self._said(disease, Predicate.HAS_INHERITANCE)
        onset = self._said(disease, Predicate.HAS_ONSET)
        signs, lacking = self._signs(disease), [one for one in self._atoms(disease) if _lacks(one)]
        shares = [one.text for one in signs if _has_share(one)]
        plain = [one.text for one in signs if not _has_share(one)]
        parts = [f"呈{one}" for one in inherited]
        parts += [f"特点是{one}" for one in onset]
        parts += [f"表现包括{listed(plain)}"] if plain else []
        parts += shares
        if lacking:
            but = "但" if parts else ""
            parts.append(f"{but}不出现{'或'.join(one.text for one in lacking)}")
        return parts

    # What the clues say.

    def _counted(self, node: str) -> str:
        return next((one.text for one in self.clues[node] if isinstance(one.condition, Count)), "")

    def _choice(self, node: str) -> str:
        return next((one.text for one in self.clues[node] if isinstance(one.condition, Choice)), "")

    def _signs(self, disease: str) -> list[Clue]:
        return [one for one in self._atoms(disease) if _shows(one)]

    def _atoms(self, node: str) -> list[Clue]:
        return [one for one in self.clues[node] if isinstance(one.condition, Atom)]

    def _said(self, node: str, predicate: Predicate) -> list[str]:
        return [one.text for one in self._atoms(node) if one.predicate is predicate]


def _shows(clue: Clue) -> bool:
    atom = clue.condition
    return isinstance(atom, Atom) and atom.predicate is Predicate.HAS_PHENOTYPE and not atom.negated


def _lacks(clue: Clue) -> bool:
    return isinstance(clue.condition, Atom) and clue.condition.negated


def _has_share(clue: Clue) -> bool:
    return isinstance(clue.condition, Atom) and clue.condition.share is not None
