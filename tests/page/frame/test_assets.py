"""What every page loads beside its markup: one file of scripts, one of styles, and how heavy a page is."""

import json
import re
import shutil
import subprocess
import urllib.request

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import app
from backend.study import all_studies
from components.frame.assets import Asset, InHead
from components.frame.navigation import address_of
from components.frame.scripts import HERE, SHARED, bundle, every_script, name_of, script
from components.frame.theme import SHEETS, page_assets, stylesheet
from tests.page.frame import test_app
from tests.pages import in_loop

url = test_app.url
PAGES = [address_of(study.name) for study in all_studies() if study.shown]
HEAVIEST = 360_000  # bytes: HTML and configuration together, not compressed
PAGE = "<html><head></head><body></body></html>"


# -- scripts --------------------------------------------------------------------------------------------------------
def test_every_script_is_in_the_bundle_once_and_the_shared_text_too():
    text = bundle()
    for file in [*every_script(), *(HERE / name for name in SHARED)]:
        assert text.count(file.read_text(encoding="utf-8").strip()) == 1, file
    assert all(text.count(f'"{name_of(file)}": () => {{') == 1 for file in every_script())


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_bundle_is_a_script(tmp_path):
    (tmp_path / "app.js").write_text(bundle(), encoding="utf-8")
    assert subprocess.run(["node", "--check", tmp_path / "app.js"], capture_output=True).stderr == b""


def test_a_widget_has_a_line_that_names_its_parts_and_its_events():
    lens = HERE / "studies" / "text_distillation" / "lens.js"
    line = script(lens)
    assert line.startswith('distilloscope.run(["studies/text_distillation/lens"], element, trigger, props, ')
    assert '"look"' in line and len(line) < 200


def test_every_part_that_a_widget_of_the_app_runs_is_there():
    components = in_loop(app.build_demo).config["components"]
    lines = [one["props"].get("js_on_load") or "" for one in components if one["type"] == "html"]
    runs = [line.partition("]")[0] for line in lines if line.startswith("distilloscope.run")]
    named = {name for run in runs for name in re.findall(r'"([\w/]+)"', run)}
    assert len(named) > 15
    assert named <= {name_of(file) for file in every_script()}
    assert max(len(line) for line in lines) < 1500  # a text of its own would be sent twice with each page


# -- styles ---------------------------------------------------------------------------------------------------------
def test_rules_name_no_element_of_a_page_by_its_id():
    text = re.sub(r"/\*.*?\*/", "", stylesheet(), flags=re.DOTALL)
    selectors = re.findall(r"([^{};]+)\{", text)
    assert len(selectors) > 500
    assert [found for found in selectors if re.search(r"#[a-z]", found)] == []


def test_every_sheet_is_in_the_stylesheet_the_pages_own_first():
    text = stylesheet()
    assert text.startswith((SHEETS / "page.css").read_text(encoding="utf-8"))
    assert all(sheet.read_text(encoding="utf-8") in text for sheet in SHEETS.glob("*.css"))
    assert text.count("{") == text.count("}")


def test_what_is_animated_is_named_outside_the_container():
    """A browser reads no @keyframes within a rule."""
    within = [sheet for sheet in SHEETS.glob("*.css") if sheet.stem != "page"]
    assert within and all("@keyframes" not in sheet.read_text(encoding="utf-8") for sheet in within)


# -- how they come --------------------------------------------------------------------------------------------------
def test_another_text_has_another_address():
    assert Asset("app", "js", "1").path != Asset("app", "js", "2").path
    assert Asset("app", "js", "1").path == Asset("app", "js", "1").path


@pytest.fixture
def client():
    async def page(_):
        return HTMLResponse(PAGE)

    async def plain(_):
        return PlainTextResponse(PAGE)

    routes = [Route("/", page), Route("/gradio_api/file=report.html", page), Route("/plain", plain)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(InHead, tags="<link>")]))


def test_tags_stand_in_the_head_of_a_page_and_its_length_is_right(client):
    answer = client.get("/")
    assert answer.text == PAGE.replace("</head>", "<link></head>")
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("path", ["/gradio_api/file=report.html", "/plain"])
def test_a_visitors_file_and_what_is_no_page_stay_as_they_are(client, path):
    assert client.get(path).text == PAGE


@pytest.mark.parametrize("asset", page_assets(), ids=lambda asset: asset.stem)
def test_each_comes_once_and_is_kept_for_good(url, asset):
    page = urllib.request.urlopen(url, timeout=60).read().decode()
    assert page.partition("</head>")[0].count(asset.tag) == 1
    with urllib.request.urlopen(f"{url}/{asset.path}", timeout=60) as answer:
        assert answer.read().decode() == asset.text
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page or "first")
def test_a_studys_page_is_light(url, page):
    html, config = test_app.get(f"{url}/{page}")[1], test_app.get(f"{url}/config?page={page}")[1]
    assert 50_000 < len(html) + len(config) <= HEAVIEST, (len(html), len(config))


def test_a_widget_is_described_only_where_a_program_may_send_it(url):
    config = json.loads(test_app.get(f"{url}/config")[1])
    told = {one["id"] for one in config["components"] if "api_info" in one}
    public = [fn for fn in config["dependencies"] if fn["api_visibility"] != "private"]
    assert told <= {number for fn in public for number in (*fn["inputs"], *fn["outputs"])}
    assert len(told) < len(config["components"]) / 4
    described = json.loads(test_app.get(f"{url}/gradio_api/info")[1])["named_endpoints"]
    assert described and all(fn["returns"] for fn in described.values())
