"""The pages of the app: each has an address, holds nothing of the others, and stands when another cannot be loaded."""

import json
import logging
import re
from pathlib import Path

import pytest

import app
from backend import study as studies
from tests import toy_house
from tests.pages import in_loop

PAGES = ["", "bench", "ba-lora", "active-inheritance", "tiny-clip", "light-clip", "a-sdm", "compare"]
ROOT = Path(app.__file__).parent
NAMED = re.compile(r"(?<![\w/&-])#([a-z][\w-]*)")
IN_MARKUP = re.compile(r"""id=["']([\w-]+)["']""")
COLOUR = re.compile("[0-9a-f]{3,8}")
PROBE = """
import asyncio, json, logging, app
async def build():
    return app.build_demo()
config = asyncio.run(build()).config
said = {c["id"]: str(c["props"].get("value")) for c in config["components"] if c["props"].get("elem_id") == "sorry"}
print(json.dumps({
    name: [said[i] for i in page["components"] if i in said] for name, page in config["page"].items()
}))
"""


@pytest.fixture(scope="module")
def config():
    return in_loop(app.build_demo).config


def ids(config: dict, page: str) -> set[str]:
    """The element ids on a page."""
    there = set(config["page"][page]["components"])
    return {c["props"]["elem_id"] for c in config["components"] if c["id"] in there and c["props"].get("elem_id")}


def test_every_page_has_an_address_of_its_own(config):
    assert list(config["page"]) == [address for address, *_ in config["pages"]] == PAGES


def test_a_page_holds_no_component_and_no_event_of_another(config):
    for part in ("components", "dependencies"):
        held = [set(page[part]) for page in config["page"].values()]
        assert all(held) and len(set().union(*held)) == sum(map(len, held))
    events = {event["id"]: event for event in config["dependencies"]}
    for name, page in config["page"].items():
        for event in (events[number] for number in page["dependencies"]):
            if event["api_visibility"] == "public":  # the API's own, which belong to no widget
                continue
            touched = {*event["inputs"], *event["outputs"], *(target for target, _ in event["targets"] if target)}
            assert touched <= set(page["components"]) | {config["page"][name].get("layout", {}).get("id")}, event


def test_what_only_one_page_shows_is_on_that_page_alone(config):
    first, bench, *_, compare = (ids(config, name) for name in PAGES)
    assert {"distil", "wall", "lens", "slow-motion"} & first and not {"bench-start", "compare-page"} & first
    assert {"bench-start", "bench-ask"} <= bench and not {"distil", "wall", "lens", "compare-page"} & bench
    assert "compare-page" in compare and not {"distil", "bench-start", "view", "form"} & compare
    assert {"status", "run-picker", "chart", "results", "view", "form"} <= first & bench


def test_every_page_leads_to_all_others_and_says_where_it_is(config):
    headers = [c["props"] for c in config["components"] if c["props"].get("elem_id") == "header"]
    assert len(headers) == len(PAGES)
    said = [str(header.get("value")) + str(header.get("html_template")) for header in headers]
    assert all(markup.count("aria-current=page") == 1 for markup in said)
    assert all(link in said[0] for link in ('href="bench"', 'href="compare"'))
    assert all('href="./"' in markup for markup in said[1:])


def test_scripts_sheets_and_lessons_name_only_elements_that_are_on_a_page(config):
    there = {found for name in PAGES for found in ids(config, name)}
    there |= {id for file in sorted(ROOT.glob("components/**/*.py")) for id in IN_MARKUP.findall(file.read_text())}
    files = [*ROOT.glob("components/**/*.js"), *ROOT.glob("assets/css/*.css"), ROOT / "assets" / "lessons.json"]
    named = {(file.name, id) for file in files for id in NAMED.findall(file.read_text(encoding="utf-8"))}
    named = {(file, id) for file, id in named if not id.endswith("-") and not COLOUR.fullmatch(id)}
    assert len(named) > 20
    assert {(file, id) for file, id in named if id not in there} == set()


@pytest.mark.parametrize("fault", ["is missing", "raises"])
def test_a_study_that_cannot_be_loaded_is_named_on_its_page_and_in_the_log(fault, monkeypatch, tmp_path, caplog):
    if fault == "raises":
        (tmp_path / "odd_study_of_a_test.py").write_text("raise RuntimeError('on purpose')\n")
        monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(studies.STUDIES, f"odd_{fault[:2]}", "odd_study_of_a_test")
    with caplog.at_level(logging.ERROR):
        config = in_loop(app.build_demo).config
    page = config["page"][f"odd-{fault[:2]}"]
    [said] = [
        c["props"]["value"]
        for c in config["components"]
        if c["id"] in page["components"] and c["props"].get("elem_id") == "sorry"
    ]
    assert f"Odd {fault[:2]} cannot be loaded" in said
    assert f"The study odd_{fault[:2]} cannot be loaded" in caplog.text
    assert {"distil"} <= ids(config, "") and {"bench-start"} <= ids(config, "bench")


@pytest.mark.parametrize(
    ("broken", "sorry"),
    [
        ("backend/studies/bench/study.py", {"bench"}),
        ("components/studies/bench/page.py", {"bench"}),
        ("backend/studies/text_distillation/study.py", {"text-distillation", "compare"}),
        ("components/compare/runs.py", {"compare"}),
    ],
)
def test_whatever_raises_when_it_is_imported_the_other_pages_go_on(broken: str, sorry: set[str], tmp_path: Path):
    house = toy_house.build(tmp_path)
    file = house / broken
    file.write_text(f"raise RuntimeError('on purpose')\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    found = json.loads(toy_house.program(house, PROBE))
    assert {name for name, said in found.items() if said} == sorry
    assert all("cannot be loaded" in said for name in sorry for said in found[name])
    assert len(found) > len(sorry) + 1
