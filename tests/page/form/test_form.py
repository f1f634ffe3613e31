"""The form: widget values to a config and back, what differs from a preset, the command line, and its checks."""

import asyncio
from dataclasses import dataclass

import gradio as gr
import pytest

from backend import settings
from backend.core.models.listed import listed
from backend.core.text.tasks import OWN_TASKS, TASKS
from backend.errors import UserError
from backend.limits.hosts import CPU_SPACE, HOSTS, LOCAL, ZERO_GPU
from backend.settings import describe, setting
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from backend.study import all_studies
from components.form import form_values
from components.form.config_form import ConfigForm, Layout
from components.studies.text_distillation.page import SCORE

ITEMS = {item.name: item for item in describe(DistillConfig)}
NAMES = settings.list_presets(PRESETS)


@pytest.fixture(scope="module")
def form():
    return make_form("quick")


def make_form(*leading, host=LOCAL):
    async def make():  # inside a loop: Gradio would make one of its own and never close it
        with gr.Blocks():
            layout = Layout(option=SCORE, host=HOSTS[host])
            return ConfigForm("text_distillation", DistillConfig, PRESETS, leading, layout)

    return asyncio.run(make())


def changed(values, **changes):
    names = list(ITEMS)
    return [changes.get(name, value) for name, value in zip(names, values, strict=True)]


@pytest.mark.parametrize("preset", NAMES)
def test_values_make_the_config_they_came_from(preset):
    wanted = settings.build(DistillConfig, settings.load_preset(PRESETS, preset)["settings"])
    values = form_values.values_of(DistillConfig, settings.load_preset(PRESETS, preset)["settings"])
    assert form_values.config_of(DistillConfig, values) == wanted


def test_numbers_come_back_from_the_browser_as_floats_and_are_whole_again():
    values = [float(v) if type(v) is int else v for v in form_values.values_of(DistillConfig, {})]
    assert form_values.config_of(DistillConfig, values) == DistillConfig()


def test_the_order_of_clicks_on_choices_does_not_matter():
    assert form_values.from_widget(ITEMS["arms"], ["full", "base"]) == ("base", "full")


def test_every_setting_has_one_widget_with_its_help_and_its_name_in_the_code(form):
    assert [w.info for w in form.widgets] == [f"{item.help} `{item.name}`" for item in describe(DistillConfig)]


@pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
def test_a_form_opens_with_at_most_eight_settings_and_each_has_a_name_in_words(study):
    items = describe(study.config)
    assert 0 < sum(item.basic for item in items) <= 8
    assert not [item.name for item in items if "_" in item.words or item.words in ("Lr", "Lrs", "K")]
    assert not [item.name for item in items if "_" in item.name and not item.label], "a name of two words is code"
    assert len({item.words for item in items}) == len(items)


def test_a_line_stands_before_each_group_of_the_advanced_settings(form):
    pairs = list(zip(form.items, form.widgets, strict=True))
    begun = [item.group for item, widget in pairs if widget.elem_classes == ["ds-begins"]]
    assert begun == list(dict.fromkeys(item.group for item in form.items if not item.basic))


def test_only_short_ranges_become_sliders():
    kinds = {name: form_values.kind(item) for name, item in ITEMS.items()}
    assert kinds["seeds"] == kinds["curriculum"] == "slider"
    assert kinds["prompt_lr"] == kinds["outer_steps"] == kinds["seed"] == "number"
    assert kinds["arms"] == "choices"
    assert kinds["layout"] == "radio"
    assert kinds["model"] == "text"


def picker(form, name):
    return dict(zip((item.name for item in form.items), form.widgets, strict=True))[name]


def test_models_and_tasks_are_chosen_from_a_list_that_says_what_each_one_takes(form):
    assert [value for _, value in picker(form, "model").choices] == [one.entry.id for one in listed()]
    assert [value for _, value in picker(form, "other_model").choices][:2] == ["", "opt-pocket"], "it may be empty"
    assert [value for _, value in picker(form, "task").choices] == [*TASKS, *OWN_TASKS]
    labels = dict((value, label) for label, value in picker(form, "model").choices)
    assert labels["opt-pocket"] == "opt-pocket · 1.2 M · apache-2.0 · bundled"
    assert "MB to download" in labels["facebook/opt-1.3b"] or "cache" in labels["facebook/opt-1.3b"]
    assert "gated" in labels["meta-llama/Llama-3.2-1B"]


@pytest.mark.parametrize("model", ["somebody/some-model", "/models/mine", "mine.gguf"])
def test_ones_own_machine_takes_any_other_model(form, model):
    assert picker(form, "model").allow_custom_value
    values = changed(form_values.values_of(DistillConfig, {}), model=model)
    assert form.config(values).model == model
    assert "alert" not in form.follow("quick", True, *values)[0]


def test_a_task_that_does_not_exist_is_refused_at_its_field(form):
    message = form.follow("quick", True, *changed(form_values.values_of(DistillConfig, {}), task="arc_esy"))[0]
    assert "arc_easy" in message and "setting-task" in message


@pytest.mark.parametrize("kind", [CPU_SPACE, ZERO_GPU])
def test_a_shared_host_offers_what_it_runs_and_nothing_else(kind):
    form, host = make_form("quick", host=kind), HOSTS[kind]
    model, task = picker(form, "model"), picker(form, "task")
    assert {value for _, value in model.choices} == set(host.models) and not model.allow_custom_value
    assert {value for _, value in task.choices} == set(host.tasks)
    values = changed(form.values({}), model="somebody/some-model")
    assert "this host is shared" in form.follow("quick", True, *values)[0]


def test_the_form_fits_any_study():
    @dataclass(frozen=True)
    class Other:
        flag: bool = setting(True, "A switch.", "One")
        words: tuple[str, ...] = setting(("a", "b"), "Some words.", "One")
        share: float = setting(0.5, "A share.", "Two", low=0.0, high=1.0)

    items = describe(Other)
    assert [form_values.kind(item) for item in items] == ["checkbox", "text", "slider"]
    values = form_values.values_of(Other, {"words": ["x", "y"]})
    assert values == [True, "x, y", 0.5]
    assert form_values.config_of(Other, values) == Other(words=("x", "y"))


def test_an_unknown_preset_is_refused_by_name(form):
    assert "no preset &#x27;nosuch&#x27;" in form.fill("nosuch")[len(form.widgets) + 1]


def test_an_empty_number_is_refused_by_name():
    with pytest.raises(UserError, match="outer_steps is empty"):
        form_values.from_widget(ITEMS["outer_steps"], None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outer_steps": 1.5}, "outer_steps is 1.5"),
        ({"prompt_lr": 7.0}, "prompt_lr is 7.0"),
        ({"max_start": 99}, "past the expert"),
        ({"layout": "sideways"}, "sideways"),
        ({"arms": ["nonsense"]}, "nonsense"),
        ({"expert_lr": float("nan")}, "expert_lr is empty"),
    ],
)
def test_bad_input_says_its_sentence_at_the_form_and_changes_nothing_else(form, change, said):
    values = changed(form_values.values_of(DistillConfig, {}), **change)
    message, changes, box = form.follow("quick", True, *values)
    assert said in message
    assert 'role="alert"' in message
    assert changes == gr.skip()
    assert not any(box["texts"].values())  # an old text would say what the form does not


def test_hostile_text_in_a_field_is_escaped(form):
    values = changed(form_values.values_of(DistillConfig, {}), task="<script>")
    for part in form.follow("quick", True, *values)[:2]:
        assert "<script>" not in part


def test_what_differs_from_the_preset_is_counted_and_named(form):
    values = form_values.values_of(DistillConfig, settings.load_preset(PRESETS, "quick")["settings"])
    assert 'data-count="0"' in form.follow("quick", True, *values)[1]
    changes = form.follow("quick", True, *changed(values, seeds=7, model=""))[1]
    assert 'data-count="2"' in changes
    assert "seeds" in changes


def test_leading_presets_come_first():
    assert make_form("standard").names[0] == "standard"
