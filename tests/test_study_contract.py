"""What every study is held to: it loads without torch, has words for all it names, and shapes for all that travels."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from backend import settings
from backend.study import Study, all_studies, broken, resolve

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "datasets", "faiss", "peft", "gradio", "plotly")
every = pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)


def held_to() -> list[str]:
    """The names of all studies; an assertion fails where one breaks the contract. Also asked by test_toy.py."""
    for study in all_studies():
        assert not list(faults(study))
    return [study.name for study in all_studies()]


def faults(study: Study) -> Iterator[str]:
    """What is wrong with a study's description, in words."""
    if not (study.question.endswith("?") and study.title):
        yield "it asks nothing"
    yield from (f"stage {stage.name} has no words" for stage in study.stages if not (stage.title and stage.note))
    yield from (f"{ref} leads nowhere" for ref in refs(study) if not callable(resolve(ref)))
    config = settings.as_json(study.config())
    if not resolve(study.words.about)(config).endswith("."):
        yield "a run is no sentence"
    known = settings.list_presets(study.presets)
    yield from (f"{name} is no preset" for name in study.leading if name not in known)
    names = [curve.name for curve in study.curves]
    if len(set(names)) != len(names):
        yield "two curves have one name"
    kept = [file.name for file in study.files]
    yield from (f"{file.name} travels without a shape" for file in study.files if file.travels and not file.shape)
    if study.curves and "metrics.jsonl" not in kept:
        yield "its curves are drawn from a file that it does not name"


def refs(study: Study) -> list[str]:
    """Every "module:function" that needs no torch: all but the run and the questions to a warm process."""
    found = [study.words.about, study.words.run_title, study.words.kind, study.work, study.diagnose, study.checks]
    found += [file.shape for file in study.files]
    found += [*study.exports.values(), *study.commands.values()]
    if study.branch:
        found += [getattr(study.branch, field.name) for field in fields(study.branch)]
    return [ref for ref in found if ref and not ref.endswith("Row")]


@every
def test_it_keeps_the_contract(study):
    assert not list(faults(study))


def test_every_study_of_the_table_loads():
    assert not broken()


@every
def test_its_description_loads_without_torch(study):
    code = f"import sys; from backend.study import find; find({study.name!r})"
    code += f"; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@every
def test_what_is_wrong_is_found(study):
    bad = replace(study, question="no question", leading=("nowhere",))
    assert set(faults(bad)) >= {"it asks nothing", "nowhere is no preset"}
