"""The glossary: plain, short, of one file, and every knob it names is a setting."""

import json
import re
from dataclasses import fields

import pytest

from backend.studies.text_distillation.config import DistillConfig
from components.frame.scripts import bundle
from components.panels.glossary import SCRIPT, WORDS, formula, terms
from components.panels.lessons import lessons

ASKED_FOR = ("expert trajectory student inner*loop unroll matching*loss regulariser nearest-neighbour*projection LoRA "
             "soft*prompt baseline interval").split()  # fmt: skip


@pytest.mark.parametrize("entry", terms(), ids=lambda entry: entry["term"])
def test_a_definition_is_two_short_sentences_at_most(entry):
    assert set(entry) <= {"term", "forms", "says", "formula", "knobs"}
    found = re.split(r"(?<=[.?]) ", entry["says"])
    assert 1 <= len(found) <= 2 and all(len(sentence.split()) <= 28 for sentence in found)
    assert entry["says"].endswith(".") and entry["forms"] and len(entry.get("formula", "")) < 90


def test_the_fields_words_are_there_and_no_form_belongs_to_two():
    names = [entry["term"] for entry in terms()]
    forms = [form.lower() for entry in terms() for form in entry["forms"]]
    assert {name.replace("*", " ") for name in ASKED_FOR} <= set(names)
    assert len(set(names)) == len(names) and len(set(forms)) == len(forms)


def test_every_knob_is_a_setting_and_has_one_formula_only():
    knobs = [name for entry in terms() for name in entry.get("knobs", {})]
    assert set(knobs) <= {field.name for field in fields(DistillConfig)} and len(set(knobs)) == len(knobs)
    assert {"inner_steps", "prompt_lr", "regulariser_weight", "expert_span"} <= set(knobs)


def test_the_glossary_and_the_lessons_say_the_same_matching_loss():
    taught = [step["formula"] for lesson in lessons() for step in lesson["steps"] if "formula" in step]
    assert formula("matching loss") in taught


def test_the_words_come_with_the_scripts_as_data():
    found = re.search(r"glossary: (\[.*?\]), lessons: ", bundle())[1]
    assert json.loads(found) == json.loads(WORDS.read_text(encoding="utf-8")) == list(terms())
    assert "</script" not in found


def test_the_script_leaves_data_and_controls_alone():
    shielded = re.search(r'NOT_IN = "([^"]+)"', SCRIPT.read_text(encoding="utf-8"))[1]
    assert {"[translate=no]", "button", "input", "a", "[aria-live]"} <= set(shielded.split(", "))
