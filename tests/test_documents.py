"""Documents lead somewhere: links, anchors and the files that pages name exist, and a docstring needs no neighbour."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDERS = ("assets", "backend", "benchmarks", "components", "docs", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
# pages about the code as it is: the log keeps the names of its day, and a sample run's README is a model card
TOLD = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "backend/README.md")
CURRENT = [*(ROOT / name for name in TOLD), *(ROOT / "docs").glob("*.md")]
ROOMS = ("backend", "components")
FENCE, SPAN = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL), re.compile(r"(`+).+?\1", re.DOTALL)
INLINE, DEFINED = re.compile(r"\]\(([^)\s]+)\)"), re.compile(r"^\[([^]]+)\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
CODE_FILE = re.compile(r"`([\w./-]+\.(?:py|js))`")
LEANING = re.compile(r"(The same|As before|Likewise|Ditto)\b")


def prose(text: str) -> str:
    return SPAN.sub("", FENCE.sub("", text))


def links(text: str) -> list[str]:
    """Where the links and pictures of a page lead within the repository: `path`, `path#anchor` or `#anchor`."""
    found = INLINE.findall(prose(text)) + [target for _, target in DEFINED.findall(prose(text))]
    return [unquote(link) for link in found if not re.match(r"[a-z]+:", link)]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them. A second heading of one name is not told apart."""
    titles = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def lost_links(page: Path) -> list[str]:
    """The links of a page that lead to no file, or to no heading of one."""
    lost = []
    for link in links(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            lost.append(link)
    return lost


def lost_files(page: Path, known: set[str]) -> list[str]:
    """The Python and JavaScript files that a page names and that are nowhere.

    A path counts from the page's folder or from the root; a bare name is that of a file anywhere.
    """
    named = CODE_FILE.findall(page.read_text(encoding="utf-8"))
    there = [name in known or any((base / name).is_file() for base in (page.parent, ROOT)) for name in named]
    return [name for name, found in zip(named, there, strict=True) if not found]


def tree(text: str) -> Iterator[Path]:
    """The files and folders of README's tree, each below the folder that its line is indented under."""
    above = ROOT
    for line in FENCE.findall(text.partition("## How it is laid out")[2])[0].splitlines()[1:-1]:
        names = re.split(r"\s{3,}", line.strip())[0].split()
        base = above if line.startswith(" ") else ROOT
        for name in names:
            yield base / name.partition("<")[0]
        if not line.startswith(" "):
            above = ROOT / names[0]


def leaning(folder: Path) -> list[str]:
    """Docstrings below a folder that say nothing without the one before them."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
                text = ast.get_docstring(node) or ""
                if LEANING.match(text):
                    found.append(f"{file.name}: {getattr(node, 'name', 'opening')}: {text.splitlines()[0]}")
    return found


@pytest.fixture(scope="module")
def code_names() -> set[str]:
    files = [file for folder in FOLDERS for end in ("py", "js") for file in (ROOT / folder).rglob(f"*.{end}")]
    return {file.name for file in files}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file_and_to_a_heading(page):
    assert lost_links(page) == []


def test_the_pages_with_links_are_found():
    with_links = {page for page in PAGES if links(page.read_text(encoding="utf-8"))}
    assert with_links >= {ROOT / "README.md", ROOT / "docs" / "log" / "README.md", ROOT / "docs" / "method.md"}


def test_a_link_to_nothing_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A page, 5 %: of its own\n[itself](#a-page-5--of-its-own) [gone](gone.md) [no heading](page.md#gone)\n"
        "[by name] `[code](is-none.md)` [far](https://example.org/x)\n```\n[fenced](is-none.md)\n```\n\n"
        "[by name]: named.md\n"
    )
    assert lost_links(page) == ["gone.md", "page.md#gone", "named.md"]


@pytest.mark.parametrize("page", CURRENT, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_code_file_that_a_page_names_is_there(page, code_names):
    assert lost_files(page, code_names) == []


def test_a_page_that_names_a_lost_file_is_found(tmp_path, code_names):
    page = tmp_path / "page.md"
    page.write_text("`backend/settings.py`, `unroll.py`, `backend/unroll.py`, `gone.js`, `python x.py`")
    assert lost_files(page, code_names) == ["backend/unroll.py", "gone.js"]


def test_every_file_and_folder_of_the_readmes_tree_is_there():
    named = list(tree((ROOT / "README.md").read_text(encoding="utf-8")))
    assert ROOT / "components" / "panels" in named
    assert [str(path.relative_to(ROOT)) for path in named if not path.exists()] == []


def test_a_lost_folder_in_a_tree_is_found():
    lines = ["backend/       engine", "    core/  old/      x", "    studies/<name>/   y", "gone.py      z"]
    text = "\n".join(["## How it is laid out", "```", *lines, "```"])
    assert [path.relative_to(ROOT).as_posix() for path in tree(text) if not path.exists()] == ["backend/old", "gone.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_docstring_stands_alone(room):
    assert any((ROOT / room).rglob("*.py"))
    assert leaning(ROOT / room) == []


def test_a_docstring_that_leans_on_its_neighbour_is_found(tmp_path):
    (tmp_path / "rows.py").write_text(
        '"""Rows."""\n\n\ndef there():\n    """Rows as a grid."""\n\n\ndef back():\n    """The same backwards."""\n'
    )
    assert leaning(tmp_path) == ["rows.py: back: The same backwards."]


def test_what_is_cited_is_this_version_under_the_license_that_is_here():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["version"] == project["version"]
    license = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert cited["license"] == project["license"] == "Apache-2.0"
    assert "Apache License" in license and "Version 2.0" in license and "[yyyy]" not in license
