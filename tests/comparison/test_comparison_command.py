"""The compare command: one JSON object or a table, and a sentence for bad input."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backend.__main__ import main
from backend.comparison.config import ComparisonConfig
from backend.errors import UserError
from backend.runs.folder import RunDir
from tests import tiny_comparison

one_process = tiny_comparison.one_process
config = tiny_comparison.config

ROOT = Path(__file__).parents[2]


def words(config: ComparisonConfig, out: Path, **changes) -> list[str]:
    given_ = {"model": config.model, "students": ",".join(config.students), "budget": 0.34, "seeds": 1} | changes
    given_ = {"arms": "base,random,text", **given_}
    flags = [part for name, value in given_.items() for part in (f"--{name}", str(value))]
    small = "steps=2 batch=4 lrs=0.01 rounds=1 candidates=6 judged_by=4 lora_rank=2 lora_alpha=4".split()
    return [
        "compare", "arc_easy", *flags, "--set", f"data_dir={config.data_dir}", "--out", str(out),
        *(part for word in small for part in ("--set", word)),
    ]  # fmt: skip


def test_the_command_prints_one_json_object_and_nothing_else(config, tmp_path):
    command = [sys.executable, "-m", "backend", *words(config, tmp_path / "run"), "--json"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert {row["arm"] for row in json.loads(done.stdout)["table"]} == {"base", "random", "text"}
    assert "Traceback" not in done.stderr and str(tmp_path / "run") in done.stderr


def test_the_command_prints_a_table_and_resumes_to_it(config, tmp_path, capsys):
    assert main(words(config, tmp_path / "run")) == 0
    first = capsys.readouterr().out
    assert first.splitlines()[0].startswith("student") and first.count("random") > 1
    assert main(words(config, tmp_path / "run")) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"arms": "text,everything"}, 2, "everything"),
        ({"arms": "text,text"}, 2, "arms names text twice"),
        ({"students": ""}, 2, "students is empty"),
        ({"budget": 0}, 2, "budget is 0"),
        ({"budget": "much"}, 2, "budget='much'"),
        ({"preset": "pocket_9"}, 2, "pocket_"),
        ({"budget": 0.01}, 1, "less than one"),
        ({"model": "nobody-knows", "students": "nobody-knows"}, 1, "nobody-knows"),
        ({"data_dir": "/nowhere"}, 1, "/nowhere"),
    ],
)
def test_bad_input_is_a_sentence_and_no_trace(change, code, says, config, tmp_path, capsys):
    flags = {name: value for name, value in change.items() if name not in ("data_dir", "regimes")}
    sets = [part for name in change.keys() - flags.keys() for part in ("--set", f"{name}={change[name]}")]
    assert main([*words(config, tmp_path / "run", **flags), *sets]) == code
    out, err = capsys.readouterr()
    assert out == "" and says in err and "Traceback" not in err
    begun, said = err.partition("error: ")[:2]
    assert said and begun.startswith("Starting comparison in ") == (code == 1) and begun.count("\n") == (code == 1)
    if code == 1:
        assert RunDir(tmp_path / "run").status()["state"] == "failed"


def test_a_judge_that_is_no_student_is_refused(config):
    with pytest.raises(UserError, match="not among the students"):
        replace(config, students=config.students[1:])
    assert replace(config, students=config.students[1:], readers="own").readers == "own"
