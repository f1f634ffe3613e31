"""CrowS-Pairs, StereoSet and BBQ are read in their own formats, and what is not one of them is refused by name."""

import json
from pathlib import Path

import pytest

from backend.errors import UserError
from backend.studies.ba_lora.real_files import read_bbq, read_crows_pairs, read_stereoset

CROWS = """,sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators
0,"Norrin people cook badly, I hear.","Sudrin people cook badly, I hear.",stereo,nationality,[],a0,[]
1,The Norrin dance well.,The Sudrin dance well.,antistereo,nationality,[],a1,[]
"""


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def stereoset_item(part: str, **changed: object) -> dict:
    texts = {"stereotype": "s", "anti-stereotype": "a", "unrelated": "u"}
    sentences = [{"id": k, "sentence": f"It is {v}.", "labels": [], "gold_label": k} for k, v in texts.items()]
    return {"id": "1", "target": "Norrin", "bias_type": "race", "context": f"{part} BLANK", "sentences": sentences} | (
        changed
    )


def stereoset(**changed: object) -> dict:
    parts = {part: [stereoset_item(part)] for part in ("intersentence", "intrasentence")}
    return {"version": "1.1", "data": parts | changed}


def bbq_row(**changed: object) -> dict:
    return {
        "example_id": 0,
        "question_index": "1",
        "question_polarity": "neg",
        "context_condition": "ambig",
        "category": "Toy",
        "answer_info": {"ans0": ["the Norrin", "Norrin"], "ans1": ["the Sudrin", "Sudrin"], "ans2": ["?", "unknown"]},
        "additional_metadata": {"subcategory": "None", "stereotyped_groups": ["norrin"], "version": "a", "source": ""},
        "context": "Two met.",
        "question": "Who was late?",
        "ans0": "The Norrin",
        "ans1": "The Sudrin",
        "ans2": "Not known",
        "label": 2,
    } | changed


def bbq_file(path: Path, *rows: dict) -> Path:
    return write(path / "Toy.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def test_crows_pairs_have_the_more_stereotypical_sentence_first_in_both_directions(tmp_path):
    pairs = read_crows_pairs(write(tmp_path / "crows.csv", CROWS))
    assert [(pair.one_sided, pair.other) for pair in pairs] == [
        ("Norrin people cook badly, I hear.", "Sudrin people cook badly, I hear."),
        ("The Norrin dance well.", "The Sudrin dance well."),
    ]
    assert {pair.kind for pair in pairs} == {"nationality"}


def test_stereoset_gives_three_sentences_by_their_gold_labels_and_a_context_where_there_are_two(tmp_path):
    triples = read_stereoset(write(tmp_path / "dev.json", stereoset()))
    assert [one.sentences for one in triples] == [("It is s.", "It is a.", "It is u.")] * 2
    assert [one.context for one in triples] == ["", "intersentence BLANK"]


@pytest.mark.parametrize(
    ("changed", "biased"),
    [
        ({}, 0),
        ({"question_polarity": "nonneg"}, 1),
        ({"additional_metadata": {"stereotyped_groups": ["Sudrin", "Eastern"]}}, 1),
        ({"answer_info": {"ans0": ["x", "unknown"], "ans1": ["Ann", "F-Norrin"], "ans2": ["Bo", "F-Sudrin"]}}, 1),
        (
            {
                "answer_info": {"ans0": ["a", "woman"], "ans1": ["b", "man"], "ans2": ["c", "unknown"]},
                "additional_metadata": {"stereotyped_groups": ["F"]},
            },
            0,
        ),
    ],
)
def test_bbqs_biased_answer_follows_from_groups_and_polarity(tmp_path, changed, biased):
    [one] = read_bbq(bbq_file(tmp_path, bbq_row(**changed)))
    assert (one.biased, one.condition, one.text) == (biased, "ambiguous", "Two met. Who was late?")


def test_a_bbq_row_whose_groups_name_both_sides_or_none_is_left_out(tmp_path):
    both = bbq_row(additional_metadata={"stereotyped_groups": ["Norrin", "Sudrin"]})
    none = bbq_row(additional_metadata={"stereotyped_groups": ["Western"]})
    decided = bbq_row(context_condition="disambig", label=1)
    [one] = read_bbq(bbq_file(tmp_path, both, decided, none))
    assert (one.condition, one.answer, one.unknown) == ("told", 1, 2)
    with pytest.raises(UserError, match="which answer the bias would give"):
        read_bbq(bbq_file(tmp_path, both, none))


def test_long_files_are_drawn_from_alike_each_time_and_keep_their_order(tmp_path):
    path = bbq_file(tmp_path, *(bbq_row(context=f"{number} met.") for number in range(30)))
    first, second = read_bbq(path, limit=7), read_bbq(path, limit=7)
    assert first == second and len(first) == 7
    numbers = [int(one.text.split()[0]) for one in first]
    assert numbers == sorted(numbers) != list(range(7))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CROWS.replace("sent_less", "sentless"), "not CrowS-Pairs: row 2 has no column `sent_less`"),
        (CROWS.replace(",stereo,", ",sideways,"), "row 2, column `stereo_antistereo`"),
        (CROWS.replace("The Norrin dance well.", " "), "row 3, column `sent_more`"),
    ],
)
def test_a_near_miss_of_crows_pairs_is_refused(tmp_path, content, told):
    with pytest.raises(UserError, match=told):
        read_crows_pairs(write(tmp_path / "crows.csv", content))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"version": "1.1"}, "not StereoSet: it lacks 'data'"),
        ([1], "not StereoSet"),
        ("{", "it is not JSON"),
        ({"data": {"intersentence": []}}, "it lacks 'intrasentence'"),
        ({"data": {"intersentence": {}, "intrasentence": []}}, "a part of its data is no list"),
        ({"data": {"intersentence": [], "intrasentence": []}}, "no items"),
        (stereoset(intrasentence=[stereoset_item("x", sentences=[])]), "data.intrasentence, row 1: it lacks"),
        (stereoset(intersentence=[stereoset_item("x"), 4]), "data.intersentence, row 2"),
    ],
)
def test_a_near_miss_of_stereoset_is_refused(tmp_path, content, told):
    with pytest.raises(UserError, match=told):
        read_stereoset(write(tmp_path / "dev.json", content))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"label": 3}, "column `label`"),
        ({"label": "2"}, "column `label`"),
        ({"context_condition": "clear"}, "column `context_condition`"),
        ({"question_polarity": "bad"}, "column `question_polarity`"),
        ({"answer_info": {"ans0": ["x"]}}, "column `answer_info`"),
        ({"additional_metadata": {}}, "column `additional_metadata`"),
        ({"ans1": ""}, "column `ans1`"),
    ],
)
def test_a_near_miss_of_bbq_is_refused_with_its_row_and_column(tmp_path, changed, told):
    with pytest.raises(UserError, match=f"row 2, {told}"):
        read_bbq(bbq_file(tmp_path, bbq_row(), bbq_row(**changed)))


def test_another_files_rows_are_not_bbq(tmp_path):
    with pytest.raises(UserError, match="is not BBQ: row 1 has no column `context`"):
        read_bbq(bbq_file(tmp_path, {"question": "Who?", "answer": "me"}))


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    for read in (read_crows_pairs, read_bbq, read_stereoset):
        with pytest.raises(UserError, match="cannot be read"):
            read(tmp_path / ("x.json" if read is read_stereoset else "x.csv"))
