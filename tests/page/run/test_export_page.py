"""Whatever a brought file holds, no part of the page stumbles over it: refused by the contract, or drawn."""

import json
import random
from types import SimpleNamespace

import hypothesis
import orjson
import pytest
from hypothesis import strategies as st

from backend.errors import UserError
from backend.export.kinds import kinds_of, made
from backend.export.run_file import unpack
from components.run.shelf import new_owner
from components.studies.page import StudyPage
from components.studies.text_distillation.report import report
from tests.exported import packed, small
from tests.pages import make_page, panel

ODD = [
    None, True, 0, -1, 2**53, 2**70, 1e-300, 1e300, -1e300, 10**400, float("nan"), float("inf"), "", "a", "\ud800",
    "</script>", "=1+1", "\0", "9" * 400, [], [[]], [None], {}, {"a": 1}, ["a", 1], [1.0, 2.0],
]  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return make_page("text_distillation", tmp_path_factory.mktemp("page"))


def places(value: object, path: tuple = ()):
    """Every path into a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield from places(part, (*path, name))


def changed(value: object, path: tuple, new: object, leave_out: bool) -> object:
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and leave_out:
        del copied[path[0]]
    else:
        copied[path[0]] = changed(value[path[0]], path[1:], new, leave_out)
    return copied


def look_everywhere(page: StudyPage, owner: str, key: str) -> None:
    """Everything the page does with a run, and that its answers can be sent."""
    run = page.shelf.open(owner, key)
    answers = list(page.view.show(owner, key).values()) + list(page.copy_settings(owner, key, True).values())
    for slot in (0, 7):
        event = SimpleNamespace(run=key, slot=slot, step=10, have=None)
        answers.append(panel(page, "lens").see(owner, event))
    answers.append(panel(page, "paired").compare(owner, SimpleNamespace(run=key, student=None, a=None, b=None)))
    orjson.dumps(answers, default=lambda component: component.value if hasattr(component, "value") else None)
    for kind in kinds_of(page.study):
        made(run, kind)
    report(run, "x")


def bring(page: StudyPage, owner: str, data: bytes) -> str | None:
    """The key of the run that came of it; None where it was refused."""
    file = page.shelf.root / "upload.zip"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    answer = page.takeaway.bring(owner, None, str(file))
    seen = answer.get(page.view.seen)
    return seen["key"] if seen else None


def test_the_small_run_is_drawn_everywhere(page):
    owner = new_owner()
    look_everywhere(page, owner, bring(page, owner, packed(small().files)))


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=60, suppress_health_check=list(hypothesis.HealthCheck))
def test_a_strange_value_anywhere_is_refused_or_drawn(page, data):
    files = dict(small().files)
    name = data.draw(st.sampled_from(sorted(name for name in files if "json" in name)))
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    lines = files[name].splitlines() if name.endswith(".jsonl") else [files[name]]
    number = rng.randrange(len(lines))
    value = json.loads(lines[number])
    new = changed(value, rng.choice(list(places(value))), rng.choice(ODD), rng.random() < 0.15)
    lines[number] = json.dumps(new).encode()
    files[name] = b"\n".join(lines) + (b"\n" if name.endswith(".jsonl") else b"")
    owner, packet = new_owner(), packed(files)
    try:
        unpack(packet)
    except UserError:
        assert bring(page, owner, packet) is None
        assert not (page.shelf.root / owner).exists(), "a refusal leaves nothing behind"
        return
    look_everywhere(page, owner, bring(page, owner, packet))
