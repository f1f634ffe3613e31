"""What lies beside a talker: its prompts and the world they ask about, as JSON, so that truth can be judged from files.

Knows topics and where the files lie. Does not know models or studies. The same bytes every time; about 60 KB.
"""

import json
from pathlib import Path

from backend.pocket.relation import Fact, Relation
from backend.pocket.talk_styles import Style
from backend.pocket.talk_topics import Topic, split_topics

PROMPTS, WORLD = "prompts.json", "world.json"


def write_world(folder: Path, style: Style) -> None:
    """Write `prompts.json` and `world.json` into an existing folder."""
    split = split_topics()
    asked = {part: [{"entity": one.entity, "text": one.prompt()} for one in chosen] for part, chosen in split.items()}
    _write(folder / PROMPTS, {"tokens": style.tokens} | asked)
    _write(folder / WORLD, world([*split["train"], *split["test"]]))


def world(known: list[Topic]) -> dict[str, dict]:
    """What is true of the topics.

    `relations` has for each key the `article` of its entities and the templates of its statements, `says`; `entities`
    has for each entity its right values by the relation's key.
    """
    relations = {fact.relation.key: fact.relation for topic in known for fact in topic.facts}
    return {
        "relations": {key: {"article": one.article, "says": list(one.says)} for key, one in sorted(relations.items())},
        "entities": {
            topic.entity: {fact.relation.key: list(fact.relation.values[topic.entity]) for fact in topic.facts}
            for topic in sorted(known, key=lambda topic: topic.entity)
        },
    }


def read_topics(folder: Path) -> list[Topic]:
    """The topics of `world.json` in the folder. ValueError, KeyError or TypeError where it is damaged."""
    content = json.loads((folder / WORLD).read_bytes())
    said = content["relations"]
    return [
        Topic(entity, tuple(_fact(key, said[key], entity, values) for key, values in known.items()))
        for entity, known in content["entities"].items()
    ]


def _fact(key: str, said: dict, entity: str, values: list[str]) -> Fact:
    domain, name = key.split(".")
    relation = Relation(domain, name, said["article"], {entity: tuple(values)}, (), tuple(said["says"]))
    return Fact(relation, entity)


def _write(path: Path, content: dict) -> None:
    path.write_bytes((json.dumps(content, ensure_ascii=False, indent=0) + "\n").encode("utf-8"))
