"""Settings describe themselves, check themselves, and the documents made from them are in step."""

import re
from dataclasses import fields

import pytest

from backend import settings
from backend.comparison.config import ComparisonConfig
from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS
from backend.studies.bench.config import BenchConfig
from backend.studies.text_distillation.config import PRESETS as TEXT_PRESETS
from backend.studies.text_distillation.config import DistillConfig
from backend.study import Study, all_studies

every = pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
PRESETS = [(study, name) for study in all_studies() for name in settings.list_presets(study.presets)]


@every
def test_every_field_carries_help_and_a_group(study: Study):
    described = {item.name: item for item in settings.describe(study.config)}
    assert set(described) == {f.name for f in fields(study.config)}
    assert all(item.help.endswith((".", "?")) and item.group for item in described.values())


@every
def test_the_readmes_table_is_the_configs(study: Study):
    text = (study.presets.parent / "README.md").read_text(encoding="utf-8")
    assert text.rstrip().endswith(settings.as_markdown(study.config).rstrip())


@pytest.mark.parametrize(("study", "name"), PRESETS, ids=lambda value: getattr(value, "name", value))
def test_a_preset_lists_only_differences_and_makes_a_config(study: Study, name: str):
    preset = settings.load_preset(study.presets, name)
    config = settings.build(study.config, preset["settings"])
    defaults = settings.as_json(study.config())
    assert preset["title"] and preset["about"].endswith(".")
    same = [k for k, v in preset["settings"].items() if defaults[k] == v]
    assert not same, f"{name} repeats the default of {same}"
    assert settings.as_json(config) | preset["settings"] == settings.as_json(config)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("outer_steps=40", 40),
        ("prompt_lr=0.5", 0.5),
        ("layout=prefix", "prefix"),
        ("arms=text, init", ("text", "init")),
    ],
)
def test_assignments_are_read_by_the_fields_own_type(text, value):
    assert settings.parse_assignment(DistillConfig, text) == (text.partition("=")[0], value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("outer_step=40", "Did you mean 'outer_steps'"),
        ("outer_steps", "has no '='"),
        ("outer_steps=many", "Expected int"),
        ("prompt_lr=x", "Expected float"),
    ],
)
def test_a_bad_assignment_says_what_was_meant(text, says):
    with pytest.raises(UserError, match=re.escape(says)):
        settings.parse_assignment(DistillConfig, text)


@pytest.mark.parametrize(
    "values",
    [
        {"prompts": 0}, {"prompts": True}, {"prompts": 1.5}, {"prompt_lr": float("nan")}, {"prompt_lr": float("inf")},
        {"seed": -1}, {"layout": "prefx"}, {"arms": ["text", "everything"]}, {"expert_span": 99}, {"inner_batch": 9},
        {"model": 3}, {"nonsense": 1},
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_on_construction(values):
    with pytest.raises(UserError):
        settings.build(DistillConfig, values)


@pytest.mark.parametrize(
    ("config", "values", "name"),
    [
        (DistillConfig, {"prompts": 0}, "prompts"), (DistillConfig, {"prompts": 1.5}, "prompts"),
        (DistillConfig, {"layout": "prefx"}, "layout"), (DistillConfig, {"arms": ["text", "all"]}, "arms"),
        (DistillConfig, {"model": "a\nb"}, "model"), (DistillConfig, {"expert_span": 99}, "max_start"),
        (DistillConfig, {"inner_batch": 9}, "inner_batch"), (BenchConfig, {"data": "file"}, "data_path"),
        (BenchConfig, {"lrs": []}, "lrs"), (BenchConfig, {"regime": "matched"}, "regime"),
        (BenchConfig, {"tasks": []}, "tasks"), (ComparisonConfig, {"students": []}, "students"),
        (ComparisonConfig, {"outsider": "opt-pocket"}, "outsider"),
    ],
)  # fmt: skip
def test_a_refused_value_says_for_programs_which_setting_it_is_about(config, values, name):
    with pytest.raises(UserError) as refused:
        settings.build(config, values)
    assert (refused.value.kind, refused.value.about) == ("setting", name)


def test_a_limit_of_the_host_says_so_too():
    with pytest.raises(UserError) as refused:
        HOSTS[CPU_SPACE].admit(DistillConfig, {"experts": 64})
    assert (refused.value.kind, refused.value.about) == ("setting", "experts")


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(UserError, match="quick"):
        settings.load_preset(TEXT_PRESETS, "quik")


def test_a_whole_number_will_do_where_a_fraction_is_meant():
    found = settings.build(ComparisonConfig, {"lrs": [1, 0.5]})
    assert found.lrs == (1.0, 0.5) and type(found.lrs[0]) is float
    assert type(settings.build(DistillConfig, {"clip": 2}).clip) is float
