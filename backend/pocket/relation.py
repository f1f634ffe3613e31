"""A relation: what is known of many entities in one respect, and how to say and ask it in English.

Knows entities, values, templates and the articles a/an/the. Does not know domains, splits, options or models.

A template may hold `{x}` (the entity with its article), `{e}` (the bare entity), `{v}` (the bare value) and
`{av}` (the value with a or an). A value is written `answer/also right/also right`: what is also right is never
offered as a wrong option.
"""

from dataclasses import dataclass, field

MISSING = "-"


@dataclass(frozen=True)
class Relation:
    """One respect in which entities are known, with its ways of asking and of saying."""

    domain: str
    name: str
    article: str  # "a", "the" or "": what stands before the entity
    values: dict[str, tuple[str, ...]] = field(hash=False)  # entity -> (answer, also right, ...)
    asks: tuple[str, ...]
    says: tuple[str, ...]
    clashes: tuple[frozenset[str], ...] = ()  # values of one set are never offered against each other

    @property
    def key(self) -> str:
        """The name that is unique in the whole world."""
        return f"{self.domain}.{self.name}"


@dataclass(frozen=True)
class Fact:
    """One thing that is true: the entity has the value in this relation."""

    relation: Relation
    entity: str

    @property
    def key(self) -> str:
        """The name by which splits and tests know this fact."""
        return f"{self.relation.key}:{self.entity}"

    @property
    def value(self) -> str:
        """The answer."""
        return self.relation.values[self.entity][0]

    def right(self) -> set[str]:
        """Every value that would be right, or too near to right to be offered as wrong."""
        right = set(self.relation.values[self.entity])
        return right.union(*(clash for clash in self.relation.clashes if self.value in clash))

    def write(self, template: str) -> str:
        """The template with this fact in it, as a sentence."""
        x = with_article(self.entity, self.relation.article)
        text = template.format(x=x, e=self.entity, v=self.value, av=with_article(self.value, "a"))
        return text[0].upper() + text[1:]


def with_article(noun: str, article: str) -> str:
    """The noun behind its article: a or an by its first letter; the few words whose sound differs are listed."""
    if not article:
        return noun
    if article == "a":
        sounds_open = noun[0].lower() in "aeiou" and not noun.startswith(("uni", "eu", "one", "ura"))
        article = "an" if sounds_open or noun.startswith(("hour", "honest")) else "a"
    return f"{article} {noun}"


def column(table: str, index: int) -> dict[str, tuple[str, ...]]:
    """One column of a table as entity -> values; a row is `entity | first | second`, a dash means not known."""
    rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return {row[0]: tuple(row[index].split("/")) for row in rows if row[index] != MISSING}


def pairs(table: str) -> dict[str, tuple[str, ...]]:
    """A run of `entity: value; entity: value` as entity -> values."""
    cells = [cell.split(":") for cell in " ".join(table.split()).strip("; ").split(";")]
    return {entity.strip(): tuple(value.strip().split("/")) for entity, value in cells}


def clash(*groups: str) -> tuple[frozenset[str], ...]:
    """Groups written `one, two, three` as sets."""
    return tuple(frozenset(word.strip() for word in group.split(",")) for group in groups)
