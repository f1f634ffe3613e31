"""The report: one small file that asks nobody for anything and in which no text of a run is more than text."""

import base64
import hashlib
import json
import re

import pytest

from backend.errors import UserError
from backend.runs.folder import RunDir
from components.studies.text_distillation.panels import taught_markup
from components.studies.text_distillation.report import as_data, report
from tests.exported import MADE, QUICK, SAMPLES, UPDATES, own


@pytest.fixture(scope="module")
def page() -> str:
    return report(RunDir(SAMPLES / "quick"), "Quick")[1].decode()


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))


def test_the_report_is_small_and_called_by_its_run(page):
    assert len(page.encode()) < 200_000
    assert report(RunDir(SAMPLES / "quick"), "Quick")[0] == f"{MADE}-report.html"


def test_nothing_in_it_names_another_place(page):
    for start in re.findall(r"[a-z]+://[^\s\"'<>)]*", page):
        assert start == "http://www.w3.org/2000/svg", "the name of a format, never asked for"
    assert not re.search(r"<(link|img|iframe|object|embed|base)\b|@import|url\(| src=", page)


def test_the_policy_lets_this_one_script_run_and_nothing_else(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1
    assert f"'sha256-{base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "")
    assert not re.search(r"\son[a-z]+=", page.split("<script")[0])


def test_it_holds_what_the_page_shows(page):
    found, run = data_of(page), RunDir(SAMPLES / "quick")
    assert len(found["curve"]["step"]) == UPDATES
    assert [s["step"] for s in found["wall"]["snapshots"]] == [row["step"] for row in run.rows("prompts")]
    assert len(found["path"]["paths"]) == len(run.rows("paths"))
    assert f"n = {QUICK['test_limit']} × {QUICK['seeds']}" in page
    verdict = re.search(r'<p class="ds-verdict">.*?</p>', taught_markup(run, run.rows("results")))[0]
    assert verdict in page
    assert "finetune_lr" in page


def test_no_text_of_a_run_is_more_than_text(tmp_path):
    run, nasty = own(tmp_path / "run"), "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>"
    config = run.config()
    config["config"] |= {"task": nasty, "model": nasty}
    (run.path / "config.json").write_text(json.dumps(config))
    for name in ("prompts", "results"):
        file = run.path / f"{name}.jsonl"
        file.write_text(file.read_text().replace("opt-pocket", nasty).replace("What is", nasty))
    for row in (rows := run.rows("results")):
        row["scores"] = None
    (run.path / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = report(run, nasty)[1].decode()
    assert "<img" not in page and "<script>alert" not in page
    assert page.count("<script") == 2
    assert nasty in json.dumps(data_of(page), ensure_ascii=False)


def test_data_never_ends_its_block():
    assert "<" not in as_data({"a": "</script><!--<script>", "<b>": 1})
    assert json.loads(as_data({"a": "\u2028</"})) == {"a": "\u2028</"}


def test_a_run_that_has_only_begun_has_a_report_too(tmp_path):
    run = own(tmp_path / "run")
    for file in run.path.rglob("*"):
        if file.is_file() and file.name not in ("config.json", "status.json"):
            file.unlink()
    page = report(run, "Quick")[1].decode()
    assert data_of(page)["wall"]["snapshots"] == []
    assert "No scores yet" in page


def test_a_broken_run_is_told_in_words(tmp_path):
    run = own(tmp_path / "run")
    (run.path / "results.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match=r"results\.jsonl, row 1"):
        report(run, "Quick")
