"""The one room from which studies take pairs of pictures and captions: a world by its name.

    source = open_source(SourceConfig("pocket", loose=0.4, pairs=4000))
    pool = source.pool()                       # training pairs, numbered by the world's own tokenizer
    batch = pool.batch(seed=0, step=7, size=64)
    source.split(source.tests[0])              # what models are scored on

Knows which worlds there are, and nothing of models.
"""

from pathlib import Path

from backend.pocket.picture_source import Source, SourceConfig
from backend.pocket.picture_source_drawn import DrawnSource
from backend.pocket.picture_source_emoji import EmojiSource
from backend.pocket.picture_source_own import OwnSource

SOURCES: dict[str, type[Source]] = {"pocket": DrawnSource, "emoji": EmojiSource, "own": OwnSource}


def open_source(config: SourceConfig, folder: Path | None = None) -> Source:
    """The source that the config asks for; its pictures are kept in `folder`, where one is given, for the next time.

    Raises UserError where its files are missing or broken.
    """
    return SOURCES[config.world](config, folder)
