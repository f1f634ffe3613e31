"""What a run may ask for, by the kind of host."""

import dataclasses

import pytest

from backend import settings
from backend.core.models import registry
from backend.core.text.tasks import TASKS
from backend.errors import UserError
from backend.serving.hosts import CPU_SPACE, GIB, HOSTS, LOCAL, MODELS, PLACES, ZERO_GPU, this_host
from backend.serving.hosts import TASKS as TASK_SETTINGS
from backend.studies.bench.config import PRESETS as BENCH_PRESETS
from backend.studies.bench.config import BenchConfig
from backend.studies.text_distillation.config import PRESETS, DistillConfig

CONFIGS = ((DistillConfig, PRESETS), (BenchConfig, BENCH_PRESETS))
SETTINGS = {item.name: item for config, _ in CONFIGS for item in settings.describe(config)}
PUBLIC = [HOSTS[CPU_SPACE], HOSTS[ZERO_GPU]]


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


@pytest.mark.parametrize("config_class, presets", CONFIGS)
def test_a_laptop_is_unlimited(config_class, presets):
    host = HOSTS[LOCAL]
    host.admit(settings.as_json(config_class(seeds=100)) | {"model": "anything/at-all", "data_dir": "/anywhere"})
    assert not any(host.said(item.name) for item in settings.describe(config_class))


@pytest.mark.parametrize("host", PUBLIC, ids=lambda host: host.kind)
def test_limits_name_settings_models_and_tasks_that_exist(host):
    assert set(host.most) <= set(SETTINGS) and set((*MODELS, *TASK_SETTINGS, *PLACES)) <= set(SETTINGS)
    assert set(host.models) <= {entry.id for entry in registry.KNOWN}
    assert set(host.tasks) <= set(TASKS)


@pytest.mark.parametrize("host", PUBLIC, ids=lambda host: host.kind)
@pytest.mark.parametrize("config_class, presets", CONFIGS)
def test_the_defaults_and_every_preset_within_the_limits_are_admitted(config_class, presets, host):
    host.admit(settings.as_json(config_class()))
    for name in settings.list_presets(presets):
        within = host.within(settings.load_preset(presets, name)["settings"])
        host.admit(settings.as_json(settings.build(config_class, within)))


@pytest.mark.parametrize("host", PUBLIC, ids=lambda host: host.kind)
@pytest.mark.parametrize("name", sorted(HOSTS[CPU_SPACE].most))
def test_one_more_than_the_most_is_refused_by_name(name, host):
    config_class = DistillConfig if name in {i.name for i in settings.describe(DistillConfig)} else BenchConfig
    config = settings.as_json(config_class())
    most = host.most[name]
    config[name] = [0.001] * (most + 1) if isinstance(config[name], list) else most + 1
    with pytest.raises(UserError, match=f"^{name} is "):
        host.admit(config)
    config[name] = config[name][:most] if isinstance(config[name], list) else most
    if name not in TASK_SETTINGS:
        host.admit(config)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "someone/else"},
        {"other_model": "../../etc"},
        {"task": "secret_task"},
        {"data_dir": "/etc"},
        {"start": "/etc/passwd"},
        {"test_limit": 0},
    ],
)
def test_what_is_not_on_the_list_is_refused_on_a_shared_host(changes):
    with pytest.raises(UserError, match="shared"):
        HOSTS[CPU_SPACE].admit(settings.as_json(DistillConfig()) | changes)


@pytest.mark.parametrize("value", [None, "many", {"a": 1}, True])
def test_what_is_no_number_is_left_to_the_configs_own_check(value):
    HOSTS[CPU_SPACE].admit({"prompts": value})


def test_a_limit_is_said_beside_the_knob():
    host = dataclasses.replace(HOSTS[CPU_SPACE], most={"prompts": 1600, "lrs": 4})
    assert host.said("prompts") == "Here at most 1,600."
    assert host.said("lrs") == "Here at most 4 values."
    assert host.said("model").startswith("Here one of opt-pocket, ")
    assert host.said("seed") == ""
