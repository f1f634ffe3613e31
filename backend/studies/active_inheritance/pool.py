"""The pool stage: k texts of every prompt by each talker, scored as they come and appended prompt by prompt.

Knows the run folder; a pool that was killed goes on with its next prompt, to the same texts.
"""

from backend.core.models.backbones import find_source
from backend.runs.folder import RunDir
from backend.runs.progress import Progress
from backend.studies.active_inheritance.cells import name_of
from backend.studies.active_inheritance.config import ActiveConfig
from backend.studies.active_inheritance.ground import Ground
from backend.studies.active_inheritance.prompts import Prompt
from backend.studies.active_inheritance.scores import scores_of
from backend.studies.active_inheritance.writing import Said, Writer

POOL = "pool"


def talkers(config: ActiveConfig) -> list[str]:
    """Whose texts the pool has: the first talker, and the second where an arm needs it."""
    return [config.talker, *([config.second_talker] if config.needs_second else [])]


def fill(config: ActiveConfig, run_dir: RunDir, ground: Ground) -> list[dict]:
    """Write what is not written yet; the rows of the whole pool. Raises Stopped when asked to stop."""
    rows = run_dir.rows(POOL)
    tell_untold(run_dir, rows)
    total = len(talkers(config)) * config.prompts
    for spec in talkers(config):
        find_source(spec)  # a talker that is not there is said before the first one has written
    with Progress(run_dir, POOL, total, done=len(rows), slow_start=True) as progress:
        for spec in talkers(config):
            there = {row["prompt"] for row in rows if row["talker"] == name_of(spec)}
            if len(there) < config.prompts:
                _one_talker(config, run_dir, ground, spec, there, progress)
    return run_dir.rows(POOL)


def tell_untold(run_dir: RunDir, rows: list[dict]) -> None:
    """Add the points of the curve that a kill cut off behind their rows."""
    told = [row for row in run_dir.rows("metrics") if row["stage"] == POOL]
    for talker in dict.fromkeys(row["talker"] for row in rows):
        mine = [row for row in rows if row["talker"] == talker]
        done = sum(row["talker"] == talker for row in told)
        for count in range(done + 1, len(mine) + 1):
            run_dir.append("metrics", point(talker, mine[:count]))


def _one_talker(
    config: ActiveConfig, run_dir: RunDir, ground: Ground, spec: str, there: set[int], progress: Progress
) -> None:
    """The prompts of a batch are written to together, also those that were there: their neighbours decide the last
    digits of a product."""
    writer, rows = Writer.load(spec, config), [r for r in run_dir.rows(POOL) if r["talker"] == name_of(spec)]
    for batch in writer.batches(ground.prompts.train, config.k):
        if all(prompt.number in there for prompt in batch):
            continue
        for prompt, said in writer.write(batch, config.k, POOL):
            if prompt.number in there:
                continue
            row = pool_row(config, ground, name_of(spec), prompt, said)
            rows.append(row)
            run_dir.append(POOL, row)
            run_dir.append("metrics", point(name_of(spec), rows))
            progress.advance(f"{name_of(spec)} writes")


def pool_row(config: ActiveConfig, ground: Ground, talker: str, prompt: Prompt, said: list[Said]) -> dict:
    """A prompt with all its texts, as pool.jsonl has it."""
    texts = [text_row(one, prompt, ground, config.equal_words) for one in said]
    where = {"prompt": prompt.number, "text": prompt.text, "entity": prompt.entity, "talker": talker}
    return where | {"split": "train", "texts": texts}


def text_row(said: Said, prompt: Prompt, ground: Ground, equal_words: int) -> dict:
    """One text with its scores."""
    scores = scores_of(said.text, prompt.entity, ground.world, equal_words)
    return {"text": said.text, "tokens": said.tokens, "ended": said.ended, "scores": scores}


def point(talker: str, rows: list[dict]) -> dict:
    """The mean words a text of the talker so far."""
    lengths = [text["scores"]["words"] for row in rows for text in row["texts"]]
    words = round(sum(lengths) / len(lengths), 3)
    return {"stage": POOL, "done": len(rows), "talker": talker, "words": words}
