"""The ask command: it prints what the functions tell, and refuses bad words before a model is loaded."""

import argparse
import json
import subprocess
import sys

import pytest

from backend.commands import ask as ask_command
from backend.desk.ask import Shelf, ask
from backend.errors import UserError
from tests import tiny_students
from tests.tiny_students import ASKED, adapter, told

folder = tiny_students.folder
loads = tiny_students.loads


def run(*flags: str) -> int:
    parser = argparse.ArgumentParser()
    ask_command.add_arguments(parser)
    return ask_command.run(parser.parse_args(flags))


@pytest.fixture
def flags(folder) -> list[str]:
    return ["--model", folder, "--question", ASKED.question, *(w for o in ASKED.options for w in ("--option", o))]


def test_the_command_prints_what_the_functions_tell(flags, folder, tmp_path, capsys):
    tuned = adapter(folder, tmp_path / "mine", init=False)
    assert run(*flags, "--adapter", tuned, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    expected = ask(Shelf(), folder, tuned, ASKED)
    assert {side: told(printed[side]) for side in printed} == {side: told(expected[side]) for side in expected}
    assert run(*flags, "--adapter", tuned) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].split() == ["opt", "mine"]
    shares = [f"{option['probability']:.1%}" for option in expected["tuned"]["options"]]
    for number, (line, option) in enumerate(zip(lines[1:4], ASKED.options, strict=True)):
        assert line.endswith(f"{'ABC'[number]}. {option}") and shares[number] in line
    assert lines[4] == f"opt says: {expected['base']['generation']}"


def test_two_folders_of_one_name_are_told_apart():
    answer = {"options": [{"text": "a", "probability": 1.0}], "choice": 0, "generation": "", "truncated": True}
    lines = ask_command.table({"base": answer, "tuned": answer}, "x/same", "y/same").splitlines()
    assert lines == [
        "    base     tuned",
        "> 100.0%  > 100.0%  A. a",
        "base says: (nothing)",
        "tuned says: (nothing)",
        "The question was cut to fit.",
    ]


def test_bad_words_are_refused_before_a_model_is_loaded(flags, loads):
    with pytest.raises(UserError, match="poems"):
        run(*flags, "--style", "poems")
    assert not loads


def test_asking_for_help_does_not_wait_for_torch():
    code = "import sys, backend.commands.ask; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
