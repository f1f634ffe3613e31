"""The table of strings: sound in itself, and complete for what the settings, presets, lessons and the glossary say."""

import ast
import json
import re
from pathlib import Path

import pytest

from backend import settings
from backend.core.models.registry import KNOWN
from backend.core.text import usage
from backend.core.text.layout_files import LAYOUTS
from backend.core.text.tasks import TASKS
from backend.export.layouts import KINDS
from backend.studies.bench.words import task_name
from backend.study import all_studies
from components.form import reproduce_box
from components.frame import theme, words
from components.frame.language import FOLDER, SWITCH, chinese, table
from components.frame.navigation import places
from components.panels.glossary import terms
from components.panels.lessons import lessons
from components.studies.bench import words as bench_words
from components.studies.text_distillation import words as distillation_words

SLOT = re.compile(r"\{[^}]*\}")
CONFIGS = [(study.config, study.presets) for study in all_studies() if study.shown]
ROOT = Path(__file__).parents[3]
CHINESE = table()


def missing(texts) -> list[str]:
    return sorted({text for text in texts if text and text not in CHINESE})


def test_no_english_text_stands_twice_in_the_table():
    seen, twice = set(), []

    def count(pairs):
        for english, found in pairs:
            if isinstance(found, str):
                twice.extend([english] * (english in seen))
                seen.add(english)
        return dict(pairs)

    for file in FOLDER.glob("*.json"):
        json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=count)
    assert twice == [] and len(seen) == len(CHINESE) > 1000


def test_both_sides_have_the_same_placeholders_and_none_is_empty():
    for english, said in CHINESE.items():
        assert english.strip() and said.strip(), english
        assert sorted(SLOT.findall(english)) == sorted(SLOT.findall(said)), english
        assert len(set(SLOT.findall(english))) == len(SLOT.findall(english)), f"a placeholder twice: {english}"
        assert all(re.fullmatch(r"\{[a-z]+\}", slot) for slot in SLOT.findall(english)), english
        assert "(s)" not in said and " ".join(english.split()) == english, english


def test_no_pattern_is_so_wide_that_it_fits_anything():
    for english in CHINESE:
        fixed = SLOT.sub("", english).replace("(s)", "")
        loose = [slot for slot in SLOT.findall(english) if len(slot) > 3]
        assert not loose or len(re.findall(r"[A-Za-z0-9%:;]", fixed)) >= len(loose) or english == "{n} {lesson}", (
            english
        )


def test_one_term_has_one_word():
    """Terms of the field, and words that would be another translation of them."""
    for wrong in ("令牌数", "学员", "匹配误差", "内环", "软提示词", "合成提示词", "token "):
        found = [chinese for chinese in CHINESE.values() if wrong in chinese and "token =" not in chinese]
        assert not found, found


@pytest.mark.parametrize("config", [config for config, _ in CONFIGS])
def test_every_setting_is_there_with_its_name_its_help_and_its_group(config):
    items = settings.describe(config)
    assert not missing(text for item in items for text in (item.words, item.help, item.group))


@pytest.mark.parametrize("folder", [folder for _, folder in CONFIGS])
def test_every_preset_is_there(folder):
    presets = [settings.load_preset(folder, name) for name in settings.list_presets(folder)]
    assert presets and not missing(text for preset in presets for text in (preset["title"], preset["about"]))


def test_every_lesson_is_there():
    found = []
    for lesson in lessons():
        question = lesson["question"]
        found += [lesson["title"], question["text"], question["why"], *question["options"]]
        found += [text for step in lesson["steps"] for text in (step["text"], step.get("reads"))]
    assert not [text for text in missing(found) if not re.fullmatch(r"[01]", text)]


def test_the_whole_glossary_is_there_with_every_form_of_a_word():
    assert not missing(text for entry in terms() for text in (entry["term"], entry["says"], *entry["forms"]))


def test_the_words_of_the_page_are_there():
    named = [*words.STATES.values(), distillation_words.UNCHANGED]
    named += [*bench_words.DATA.values(), *reproduce_box.NOTES.values(), *(task_name(n) for n in TASKS)]
    named += [kind.title for kind in KINDS.values()]
    assert not missing(named)


@pytest.mark.parametrize("study", [study for study in all_studies() if study.shown], ids=lambda study: study.name)
def test_what_a_study_says_of_itself_is_there(study):
    said = study.words
    named = [study.title, study.question, said.go, said.own, said.nothing, *(panel.title for panel in study.panels)]
    named += [*(text for stage in study.stages for text in (stage.title, stage.note))]
    named += [text for word in (*said.arms, *said.regimes, *said.exports) for text in (word.title, word.about)]
    named += [*(metric.title for metric in said.metrics)]
    named += [text for curve in study.curves for text in (curve.title, curve.label, curve.x_label)]
    assert not missing(named)


def test_what_the_registry_says_of_students_is_there_sentence_by_sentence():
    said = [re.split(r"(?<=\.) (?=[A-Z])", re.sub(r"`[^`]+`\.", "", entry.notes).strip()) for entry in KNOWN]
    assert not missing(sentence for sentences in said for sentence in sentences)


def test_what_is_warned_of_a_file_is_there():
    said = [layout.note for layout in LAYOUTS.values()] + [usage.SEEDED, usage.FROM_ONE, usage.LETTERS_ALONE]
    assert not missing(said)


def constants(node: ast.AST) -> list[str]:
    """Whole texts below a node: no docstrings, no pieces of f-strings."""
    said = {
        id(part) for found in ast.walk(node) if isinstance(found, (ast.JoinedStr, ast.Expr)) for part in ast.walk(found)
    }
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant) and id(part) not in said]
    return [part.value for part in parts if isinstance(part.value, str)]


def test_every_cause_that_the_doctor_names_is_there():
    found = constants(ast.parse((ROOT / "backend/studies/text_distillation/doctor.py").read_text(encoding="utf-8")))
    causes = [text for text in found if text.endswith(".") and text.count(" ") > 3]
    assert len(causes) > 8 and not missing(causes)


def test_every_error_of_the_screen_that_is_one_whole_text_is_there():
    """The public API's are for programs and stay English."""
    found = []
    for file in sorted((ROOT / "components").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and file.name != "api.py"]
        errors = [node for node in calls if ast.unparse(node.func) in ("UserError", "Unready")]
        found += [arg.value for node in errors for arg in node.args if isinstance(arg, ast.Constant)]
    assert len(found) > 30 and not missing(found)


def test_the_header_has_the_switch_and_the_files_address_goes_with_it():
    header = theme.page_header(places()[0])
    assert SWITCH in header.value
    assert header.props["table"] == chinese().path and json.loads(chinese().text) == CHINESE
