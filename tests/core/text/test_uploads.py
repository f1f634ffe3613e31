"""Uploaded files: five formats, layouts found out from columns, and malformed files refused by row and column."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.text import uploads
from backend.core.text.prompts import LETTERS, Example
from backend.core.text.tables import read_table
from backend.core.text.tasks import Question
from backend.core.text.uploads import read_examples, read_questions
from backend.errors import UserError
from tests import tiny
from tests.core.text.malformed import FIRST, HEADER, arc, lines, mmlu, parquet, sheet, upload, without

MILK = Question("row/2", "Which animal gives milk?", ("a cow", "a stone", "iron"), 0)
NUMBERED = "(Rows are counted as in a spreadsheet: the header is row 1.)"


def test_every_row_of_a_sheet_is_said_to_be_counted_with_its_header(tmp_path):
    file = upload(tmp_path, "a.csv", b"\n" + HEADER + b'"two\nlines?",x,y,z,A\n\n' + b"Why?,x,y,z,Q\n")
    with pytest.raises(UserError, match="row 5, column `answer`") as refused:
        read_questions(file)
    assert refused.value.next_step.endswith(NUMBERED.replace("row 1", "row 2"))


WORKING = {
    "CSV": ("a.csv", HEADER + FIRST),
    "CSV with a mark and Windows line ends": ("a.csv", b"\xef\xbb\xbf" + (HEADER + FIRST).replace(b"\n", b"\r\n")),
    "CSV with old line ends": ("a.csv", (HEADER + FIRST).replace(b"\n", b"\r")),
    "CSV without a last line end": ("a.csv", (HEADER + FIRST).rstrip()),
    "CSV with blank rows": ("a.CSV", HEADER + FIRST + b"\r\n\n,,,,\n"),
    "CSV with semicolons": ("a.csv", (HEADER + FIRST).replace(b",", b";")),
    "CSV with blanks around names and key": ("a.csv", HEADER.replace(b",", b" , ") + FIRST.replace(b",A", b", A ")),
    "CSV with every cell quoted": (
        "a.csv",
        (HEADER + FIRST).replace(b",", b'","').replace(b"\n", b'"\n"')[:-1].join([b'"', b""]),
    ),
    "TSV": ("a.tsv", (HEADER + FIRST).replace(b",", b"\t")),
    "an answer as a small letter": ("a.csv", HEADER + FIRST.replace(b",A\n", b",a\n")),
    "an answer as a number from 0": ("a.csv", HEADER + FIRST.replace(b",A\n", b",0\n")),
    "a column nobody knows": ("a.csv", b"note," + HEADER + b"=HYPERLINK(1)," + FIRST),
}


@pytest.mark.parametrize(("name", "content"), WORKING.values(), ids=WORKING)
def test_a_sheet_as_programs_write_it_gives_its_question(tmp_path, name, content):
    assert read_questions(upload(tmp_path, name, content)) == ("arc", [MILK])


def test_formulas_numbers_and_words_of_a_sheet_are_only_texts(tmp_path):
    row = ["What is pi?", "=1+2", "3.14", "True", "NaN", "007", "+1-1@x", "F"]
    file = upload(tmp_path, "a.csv", sheet(["question", *"ABCDEF", "answer"], row))
    _, [question] = read_questions(file)
    assert question.options == ("=1+2", "3.14", "True", "NaN", "007", "+1-1@x")
    assert question.answer == 5


def test_questions_may_have_fewer_options_than_there_are_columns(tmp_path):
    _, questions = read_questions(upload(tmp_path, "a.csv", HEADER + FIRST + b"Why?,x,y,,B\n"))
    assert [len(q.options) for q in questions] == [3, 2]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet"])
def test_a_line_separator_inside_a_text_stays_a_character(tmp_path, name):
    row = {"question": "Which\u2028gives milk?", "A": "a\u2028cow", "B": "a stone", "answer": "A"}
    cells = [list(row), list(row.values())]
    content = {
        ".jsonl": json.dumps(row, ensure_ascii=False).encode(),
        ".json": json.dumps([row], ensure_ascii=False).encode(),
        ".csv": sheet(*cells),
        ".tsv": sheet(*cells, delimiter="\t"),
        ".parquet": parquet(row),
    }[Path(name).suffix]
    _, [question] = read_questions(upload(tmp_path, name, content))
    assert (question.question, question.options) == (row["question"], ("a\u2028cow", "a stone"))


def write_all(folder: Path, rows: list[dict]) -> list[Path]:
    return [
        upload(folder, "a.jsonl", lines(*rows)),
        upload(folder, "a.json", json.dumps(rows, indent=1).encode()),
        upload(folder, "a.parquet", parquet(*rows)),
    ]


@pytest.mark.parametrize(("layout", "rows"), [("arc", tiny.arc_rows()), ("mmlu", tiny.mmlu_rows())])
def test_both_layouts_are_found_out_in_every_format_that_holds_lists(tmp_path, layout, rows):
    read = [read_questions(file) for file in write_all(tmp_path, rows)]
    assert read[0] == read[1] == read[2]
    assert read[0][0] == layout
    assert [(q.question, q.subject) for q in read[0][1]] == [(row["question"], row.get("subject")) for row in rows]


def test_a_flat_file_with_subjects_has_the_mmlu_layout(tmp_path):
    file = upload(tmp_path, "a.csv", b"subject," + HEADER + b"farm_life," + FIRST)
    layout, [question] = read_questions(file)
    assert (layout, question.subject, question.id) == ("mmlu", "farm_life", "farm_life/2")


def test_numbered_choices_without_a_subject_are_asked_as_arc(tmp_path):
    layout, [question] = read_questions(upload(tmp_path, "a.jsonl", lines(without(mmlu(), "subject"))))
    assert (layout, question.subject, question.id) == ("arc", None, "row/1")


@pytest.mark.parametrize(("given", "found"), [(7, "7"), ("x y", "x y")])
def test_ids_are_kept_and_may_be_whole_numbers(tmp_path, given, found):
    _, [question] = read_questions(upload(tmp_path, "a.jsonl", lines(mmlu(id=given))))
    assert question.id == found


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda t: len(t.strip()) > 1)
flat_rows = st.lists(
    st.tuples(texts, st.lists(texts, min_size=2, max_size=len(LETTERS)), st.integers(0, 9)), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(flat_rows, st.sampled_from([(".csv", ","), (".csv", ";"), (".tsv", "\t")]))
def test_whatever_is_written_as_a_sheet_is_read_back(tmp_path_factory, rows, kind):
    suffix, delimiter = kind
    width = max(len(options) for _, options, _ in rows)
    cells = [["question", *LETTERS[:width], "answer"]]
    expected = []
    for question, options, answer in rows:
        answer %= len(options)
        cells.append([question, *options, *[""] * (width - len(options)), LETTERS[answer]])
        expected.append((question, tuple(options), answer))
    file = upload(tmp_path_factory.getbasetemp(), f"back{suffix}", sheet(*cells, delimiter=delimiter))
    _, questions = read_questions(file)
    assert [(q.question, q.options, q.answer) for q in questions] == expected


def test_training_rows_keep_every_character_of_prompt_and_answer(tmp_path):
    rows = [{"prompt": " Milk?\nAnswer: ", "answer": " a cow\n"}]
    for file in write_all(tmp_path, rows):
        assert read_examples(file) == [Example(" Milk?\nAnswer: ", " a cow\n", "")]


def test_the_data_set_of_a_run_is_training_data():
    file = Path(__file__).parents[3] / "assets" / "sample_runs" / "quick" / "distilled.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [e.text for e in read_examples(file)] == [Example(row["prompt"], row["answer"]).text for row in rows]


def test_what_a_run_on_own_data_leaves_is_read_back_as_it_was_taught(tmp_path):
    taught = [Example("2+3=", "5", ""), Example("2+2=", "4", "")]
    rows = [example.row | {"provenance": {"step": 3}} for example in taught]
    assert [e.text for e in read_examples(upload(tmp_path, "a.jsonl", lines(*rows)))] == [e.text for e in taught]


def test_a_question_with_a_free_answer_is_asked_as_arc_is(tmp_path):
    file = upload(tmp_path, "a.csv", b"question,answer\nWhich animal gives milk?,a cow\n")
    assert read_examples(file) == [Example("Question: Which animal gives milk?\nAnswer:", "a cow")]


def test_questions_become_examples_in_their_own_layout(tmp_path):
    arc_file = upload(tmp_path, "a.csv", HEADER + FIRST)
    assert read_examples(arc_file) == [Example("Question: Which animal gives milk?\nAnswer:", "a cow")]
    [first, *_] = read_examples(upload(tmp_path, "a.jsonl", lines(mmlu())))
    assert first.answer == "A"
    assert first.prompt.startswith("The following are multiple choice questions (with answers) about toy biology.")


def test_a_limit_keeps_the_first_examples_and_all_rows_are_checked(tmp_path):
    file = upload(tmp_path, "a.jsonl", lines(*({"prompt": f"{i}:", "answer": "x"} for i in range(5))))
    assert [e.prompt for e in read_examples(file, limit=2)] == ["0:", "1:"]
    with pytest.raises(UserError, match="0"):
        read_examples(file, limit=0)
    bad = upload(tmp_path, "b.jsonl", file.read_bytes() + b'{"prompt": "5:"}\n')
    with pytest.raises(UserError, match=r"b\.jsonl, row 6, column `answer`"):
        read_examples(bad, limit=2)


BAD_EXAMPLES = {
    "a text alone": (b'{"text": "x"}\n', "row 1, column `text`: text outside of the turns"),
    "no prompt": (
        b'{"words": "x"}\n',
        "row 1: no known layout has `words`. Expected `question`, `choices` and",
    ),
    "renamed": (b'{"Prompt": "x", "answer": "y"}\n', "Rename `Prompt` to `prompt`"),
    "no answer": (lines({"prompt": "x"}), "row 1, column `answer`: the column is missing"),
    "answer null": (
        lines({"prompt": "x", "answer": "y"}, {"prompt": "x", "answer": None}),
        "row 2, column `answer`: n",
    ),
    "prompt blank": (lines({"prompt": " ", "answer": "y"}), "row 1, column `prompt`: an empty text"),
    "free answer a number": (lines({"question": "x", "answer": 4}), "row 1, column `answer`: a number"),
    "a text": (b'"x"\n', "row 1: a text instead"),
    "a text later": (lines({"prompt": "x", "answer": "y"}, "x"), "row 2: a text instead"),
    "a question without key": (lines(without(arc(), "answerKey")), "row 1, column `answerKey`: the column is missing"),
}


@pytest.mark.parametrize(("content", "message"), BAD_EXAMPLES.values(), ids=BAD_EXAMPLES)
def test_malformed_training_data_is_refused_by_row_and_column(tmp_path, content, message):
    with pytest.raises(UserError) as refused:
        read_examples(upload(tmp_path, "a.jsonl", content))
    assert message in str(refused.value) and refused.value.found.startswith("a.jsonl")


def test_a_description_shows_three_examples_and_the_end_of_a_long_text(tmp_path):
    rows = [{"prompt": "x" * n + " ", "answer": "y"} for n in (10, 3000, 5, 7)]
    found = uploads.describe(upload(tmp_path, "a.jsonl", lines(*rows)))
    assert (found["rows"], found["layout"], found["task"]) == (4, "prompt_answer", "own_prompts")
    assert [example["answer"] for example in found["examples"]] == ["y"] * 3
    assert [len(example["prompt"]) for example in found["examples"]] == [11, 1002, 6]


def test_the_page_can_say_what_is_accepted():
    sentence = uploads.accepted()
    assert all(word in sentence for word in (".jsonl", ".json", ".csv", ".tsv", ".parquet", "32 MiB", "100,000 rows"))


def test_rows_carry_the_numbers_a_spreadsheet_shows(tmp_path):
    file = upload(tmp_path, "a.csv", b'question,answer\n"two\nlines",x\n\nb,y\n')
    assert [place.row for place, _ in read_table(file).rows] == [2, 4]


def test_reading_an_upload_needs_no_torch():
    heavy = "{'torch', 'transformers', 'datasets', 'pyarrow'}"
    code = f"import sys, backend.core.text.uploads\nprint({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
