"""What a run may ask for, by the kind of host."""

import dataclasses

import pytest

from backend import settings
from backend.core.models import registry
from backend.core.text.tasks import OWN_TASKS, TASKS
from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, GIB, HOSTS, LOCAL, ZERO_GPU, Host, this_host
from backend.settings import FILE, MODEL, PLACE, TASK, Setting, describe, setting
from backend.studies.text_distillation.config import DistillConfig
from backend.study import Study, all_studies

PUBLIC = [HOSTS[CPU_SPACE], HOSTS[ZERO_GPU]]
EVERY = [(study, item) for study in all_studies() for item in describe(study.config)]
every_study = pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
every_host = pytest.mark.parametrize("host", PUBLIC, ids=lambda host: host.kind)


def named(cases: list[tuple[Study, Setting]]) -> dict:
    return {"argvalues": cases, "ids": [f"{study.name}-{item.name}" for study, item in cases]}


def sizes_work(item: Setting) -> bool:
    """A whole number, or a list: what makes a run longer or larger."""
    return item.type is int or item.many


def unbounded(config_class: type) -> list[str]:
    """The settings that a stranger could turn as far as they like, with no word why that is all right."""
    found = describe(config_class)
    sized = [i.name for i in found if sizes_work(i) and not (i.public if isinstance(i.public, str) else i.public or 0)]
    text = [i.name for i in found if i.type is str and not (i.choices or i.kind or isinstance(i.public, str))]
    return sized + text


@pytest.mark.parametrize(
    "variables, kind",
    [
        ({}, LOCAL),
        ({"SPACE_ID": "me/scope"}, CPU_SPACE),
        ({"SPACE_ID": "me/scope", "SPACES_ZERO_GPU": "true"}, ZERO_GPU),
        ({"SPACE_ID": "me/scope", "SPACES_ZERO_GPU": "0"}, CPU_SPACE),
        ({"SPACES_ZERO_GPU": "true"}, LOCAL),
        ({"SPACE_ID": "me/scope", "DISTILLOSCOPE_HOST": "local"}, LOCAL),
        ({"DISTILLOSCOPE_HOST": "cpu_space"}, CPU_SPACE),
    ],
)
def test_the_kind_is_told_by_the_variables(variables, kind):
    assert this_host(variables).kind == kind


def test_an_unknown_kind_is_refused_with_the_ones_there_are():
    with pytest.raises(UserError, match="mainframe"):
        this_host({"DISTILLOSCOPE_HOST": "mainframe"})


@pytest.mark.parametrize("told, memory", [("4Gi", 2 * GIB), ("16GB", 6 * GIB), ("", 6 * GIB), ("lots", 6 * GIB)])
def test_a_worker_gets_at_most_half_of_a_small_machines_memory(told, memory):
    assert this_host({"SPACE_ID": "me/scope", "MEMORY": told}).memory == memory


@every_study
def test_a_laptop_is_unlimited(study):
    host, huge = HOSTS[LOCAL], {item.name: 10**9 for item in describe(study.config) if item.type is int}
    paths = {item.name: "/anywhere" for item in describe(study.config) if item.kind}
    host.admit(study.config, settings.as_json(study.config()) | huge | paths)
    assert not any(host.said(item) for item in describe(study.config))


@every_host
def test_the_lists_name_models_and_tasks_that_exist(host):
    assert set(host.models) <= {entry.id for entry in registry.KNOWN}
    assert set(host.tasks) <= {*TASKS, *OWN_TASKS}


@every_study
def test_every_size_of_every_study_has_a_limit_or_says_why_it_needs_none(study):
    assert not unbounded(study.config)


def test_a_setting_with_neither_limit_nor_reason_is_found():
    @dataclasses.dataclass(frozen=True)
    class Careless:
        epochs: int = setting(1, "How often.", "Training")
        steps: int = setting(1, "How many.", "Training", public=0)
        widths: tuple[int, ...] = setting((1,), "How wide.", "Model")
        image_dir: str = setting("", "Where pictures lie.", "Data")
        batch: int = setting(1, "At once.", "Training", public=8)
        seed: int = setting(0, "Chance.", "Training", public="a seed costs nothing")

    assert unbounded(Careless) == ["epochs", "steps", "widths", "image_dir"]


def test_a_kind_that_nobody_reads_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="folder"):
        setting("", "Where.", "Data", kind="folder")


@every_host
@every_study
def test_the_defaults_and_every_preset_within_the_limits_are_admitted(study, host):
    host.admit(study.config, host.within(study.config, settings.as_json(study.config())))
    for name in settings.list_presets(study.presets):
        values = settings.load_preset(study.presets, name)["settings"]
        within = host.within(study.config, settings.as_json(study.config()) | values)
        host.admit(study.config, settings.as_json(settings.build(study.config, within)))


@every_host
@pytest.mark.parametrize("study, item", **named([(s, i) for s, i in EVERY if isinstance(i.public, int | tuple)]))
def test_one_more_than_the_most_is_refused_by_name(study, item, host):
    most, allowed = host.most(item), host.allowed(item)
    filling = (allowed or item.choices or (0.001,))[0]
    too_much = [filling] * (most + 1) if item.many else most + 1
    with pytest.raises(UserError, match=f"^{item.name} is "):
        host.admit(study.config, {item.name: too_much})
    host.admit(study.config, {item.name: too_much[:most] if item.many else most})


@every_host
@pytest.mark.parametrize("study, item", **named([(s, i) for s, i in EVERY if i.kind]))
def test_no_place_model_or_task_of_a_strangers_is_admitted(study, item, host):
    """A file is what the page puts there for an upload; a request cannot bring one, see the API's tests."""
    for bad in ("/etc/passwd", "../../etc", "someone/else-70b", "~"):
        if item.kind in (PLACE, MODEL, TASK):
            with pytest.raises(UserError, match=f"^{item.name} is .*shared"):
                host.admit(study.config, {item.name: [bad] if item.many else bad})
    assert item.kind in (PLACE, FILE, MODEL, TASK)


@every_host
@pytest.mark.parametrize("study, item", **named([(s, i) for s, i in EVERY if i.all_at_zero]))
def test_where_0_asks_for_everything_it_is_refused(study, item, host):
    with pytest.raises(UserError, match="0, which means all"):
        host.admit(study.config, {item.name: 0})
    assert host.within(study.config, {item.name: 0}) == {item.name: host.most(item)}


@pytest.mark.parametrize("value", [None, "many", {"a": 1}, True])
def test_what_is_no_number_is_left_to_the_configs_own_check(value):
    HOSTS[CPU_SPACE].admit(DistillConfig, {"prompts": value})


def test_a_limit_is_said_beside_the_knob():
    host: Host = HOSTS[CPU_SPACE]
    prompts = Setting("prompts", int, 8, "How many.", "Prompts", public=1600)
    lrs = Setting("lrs", tuple[float, ...], (0.1,), "Step sizes.", "Training", public=4)
    model, seed = (item for item in describe(DistillConfig) if item.name in ("model", "seed"))
    assert host.said(prompts) == "At most 1,600 here."
    assert host.said(lrs) == "At most 4 values here."
    assert host.said(model).startswith("One of opt-pocket, ")
    assert host.said(seed) == ""
