"""Truth of a text about an entity: the share of its sentences that the talking world's file knows to be true.

Knows the file `world.json` beside a bundled talker, which says what is true of which entity. Does not know models, nor
any truth outside that file. Standard library only; a thousand texts take well under a second.
"""

from pathlib import Path

from backend.errors import UserError
from backend.pocket.talk_files import WORLD, read_topics
from backend.pocket.talk_topics import Topic
from backend.pocket.talk_truth import plain, share_true


class World:
    """What is true of each entity of a talking world."""

    def __init__(self, topics: list[Topic]):
        self._topics = {topic.entity: topic for topic in topics}
        self._accepted: dict[str, frozenset[str]] = {}

    @classmethod
    def read(cls, folder: Path) -> "World | None":
        """The world of the talker in `folder`; None where it has no `world.json`. UserError where that is damaged."""
        if not (Path(folder) / WORLD).is_file():
            return None
        try:
            return cls(read_topics(Path(folder)))
        except (ValueError, KeyError, TypeError, AttributeError) as damage:
            raise UserError(
                f"{WORLD} in {Path(folder).name} cannot be read.",
                "the relations and entities that `python -m backend.pocket talk` writes",
                f"Write it again with that command, or remove {WORLD}: truth is then left out.",
            ) from damage

    def truth(self, entity: str, text: str) -> float:
        """The share, 0 to 1, of true sentences among those that state something; 0 where none does.

        Introductions and rude asides of the talkers state nothing, nor does a piece that a cap on length cut off.
        UserError for an entity that is not in this world.
        """
        return share_true(self._statements(entity), text)

    def truth_of_all(self, entity: str, text: str) -> float:
        """The share of true sentences among all finished ones, introductions and asides too; else as `truth`."""
        return share_true(self._statements(entity), text, asides=True)

    def _statements(self, entity: str) -> frozenset[str]:
        """The plain form of all that is true of the entity: made once, some 0.2 ms an entity."""
        if entity not in self._topics:
            raise UserError(
                f"The talking world says nothing of {entity!r}.",
                "an entity of the talker's prompts",
                "Ask about one of them, or leave truth out.",
            )
        if entity not in self._accepted:
            self._accepted[entity] = frozenset(map(plain, self._topics[entity].statements()))
        return self._accepted[entity]
