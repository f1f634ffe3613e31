"""What a bench run says in the end: rows of results, paired comparisons of base and tuned, and warnings.

Knows the run folder's scores and the statistics of core/scoring; no model.
"""

from collections.abc import Sequence
from dataclasses import asdict

from backend.core.scoring.compare import paired, sentence
from backend.core.scoring.scored import FREE_METRICS, JUDGING, METRICS, Scored, metrics_of
from backend.core.text.leaks import find_leaks
from backend.core.text.leaks import warning as leak_warning
from backend.core.text.prompts import LETTERS, Example
from backend.runs.folder import RunDir
from backend.studies.bench.config import ARM_OF, BenchConfig
from backend.studies.bench.data import Test
from backend.studies.bench.files import BASE, SCORES, scores_of
from backend.studies.bench.scoring import Sitting
from backend.studies.bench.words import task_name

ONE_LETTER = 0.75  # share of answers at one position that looks like a habit, where the truth is spread


def result_rows(config: BenchConfig, sitting: Sitting, facts: dict) -> list[dict]:
    """One row for each metric, as the distillation study writes them, with error and source."""
    arm = ARM_OF["none" if sitting.who == BASE else config.data]
    where = {"arm": arm, "student": config.student, "task": facts["task"], "regime": config.regime}
    source = {"seed": facts["seed"], "n": facts["n"], "scores": f"{SCORES}/{sitting.name}.jsonl"}
    totals = facts["summary"]
    metrics = [name for name in (*METRICS, *FREE_METRICS) if name in totals]
    return [
        where | {"metric": name, "value": totals[name], "stderr": totals[f"{name}_stderr"]} | source for name in metrics
    ]


def comparisons(run: RunDir, tests: Sequence[Test], students: Sequence[str]) -> list[dict]:
    """The tuned students together against the base, on every test, by every metric that can differ there."""
    found = []
    for test in tests:
        base = scores_of(run, BASE, test.spec.name)
        tuned = [scores_of(run, who, test.spec.name) for who in students]
        if not base or not tuned:
            continue
        for metric in METRICS[:1] if test.spec.layout == "mmlu" else metrics_of(base):  # letters are equally long
            result = paired(tuned, [base], metric)
            said = sentence(result, "the tuned student", "the untuned one")
            where = {"task": test.spec.name, "metric": metric, "a": "tuned", "b": BASE}
            found.append(where | asdict(result) | {"sentence": said[:1].upper() + said[1:]})
    return found


def warnings(
    run: RunDir, tests: Sequence[Test], who: Sequence[str], examples: Sequence[Example], compared: Sequence[dict]
) -> list[dict]:
    """What a reader must know before believing a figure, each with `kind`, found, expected and next_step."""
    found = []
    for test in tests:
        told = leak_warning(find_leaks([e.prompt for e in examples], test.questions), len(test.questions))
        found += [{"kind": "leak", "task": test.spec.name, **told}] if told else []
        scored = {one: scores_of(run, one, test.spec.name) for one in who}
        found += [*_cut_prompts(test, scored), *_habits(test, scored)]
    for row in compared:
        if row["inside_noise"] and row["metric"] in JUDGING:
            said = f"On {task_name(row['task'])}, the difference between tuned and untuned is within the noise."
            step = "Ask more questions or train more seeds before calling one better."
            found.append(warning("noise", row["task"], said, "an interval that does not contain 0", step))
    return found


def warning(kind: str, task: str | None, found: str, expected: str, next_step: str) -> dict:
    return {"kind": kind, "task": task, "found": found, "expected": expected, "next_step": next_step}


def validation_warning(config: BenchConfig, task: str | None) -> list[dict]:
    """A step size chosen by a task that is neither scored nor learned from says little."""
    learned = config.train_task if config.data in ("real", "random") else None
    if task is None or task in (*config.tasks, learned):
        return []
    said = f"The step size was chosen on questions of {task}, a task that is neither learned from nor scored."
    step = "Give a single step size in lrs, or set train_task to a task like your file."
    return [warning("validation", task, said, "validation questions of a task that is scored on", step)]


def arithmetic_warnings(not_used: Sequence[str]) -> list[dict]:
    """What was asked for to save time, and was left aside because it would have cost some."""
    expected, step = "a GPU, or a processor with AMX or AVX-512", "Nothing needs to be done: float32 is more exact."
    return [warning("arithmetic", None, said, expected, step) for said in not_used]


def tokenizer_warnings(said: Sequence[str]) -> list[dict]:
    """What may be wrong with the student's tokenizer, which then is so in training and scoring alike."""
    step = "Compare its scores with those of other copies of the model with care, or choose its hub id."
    return [warning("tokenizer", None, each, "a tokenizer that is known", step) for each in said]


def _cut_prompts(test: Test, students: dict[str, Sequence[Scored]]) -> list[dict]:
    cut, asked = max(sum(item.truncated for item in scored) for scored in students.values()), len(test.questions)
    if not cut:
        return []
    said = f"On {task_name(test.spec.name)}, {cut} of {asked} prompts were too long: their beginning is cut."
    step = "Read these scores with care, or choose a student with a longer context."
    return [warning("truncated", test.spec.name, said, "prompts that fit the model's context", step)]


def _habits(test: Test, students: dict[str, Sequence[Scored]]) -> list[dict]:
    """Students that choose one position nearly always, where the right answers do not."""
    told = []
    for who, scored in students.items():
        chosen = [item.choice for item in scored]
        favourite = max(set(chosen), key=chosen.count)
        right = sum(item.answer == favourite for item in scored)
        if len(scored) >= 20 and chosen.count(favourite) > ONE_LETTER * len(scored) > 2 * right:
            told.append(f"{who} option {LETTERS[favourite]} in {chosen.count(favourite)} of {len(scored)}")
    if not told:
        return []
    said = f"On {task_name(test.spec.name)}, one option is chosen nearly always: {', '.join(told)}."
    step = "Treat these accuracies as position bias, not as knowledge."
    return [warning("letters", test.spec.name, said, "choices distributed like the right answers", step)]
