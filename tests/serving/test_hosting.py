"""docs/hosting.md and SECURITY.md say what holds: the limits are the code's own, and every file they name is there."""

import re
from pathlib import Path

import pytest

from backend.commands import hosts_table
from backend.limits.hosts import HOSTS
from backend.settings import describe
from backend.study import all_studies

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#:]+)\)")
CODE = re.compile(r"`((?:backend|components|assets|tests|docs)/[\w./-]+)`")


def test_the_table_of_limits_is_up_to_date():
    page = hosts_table.PAGE.read_text(encoding="utf-8")
    assert page == hosts_table.written(page), "run python -m backend.commands.hosts_table"


def test_the_table_has_every_limit_of_every_host():
    table = hosts_table.table()
    for host in HOSTS.values():
        assert f"`{host.kind}`" in table
        for study in all_studies():
            for item in describe(study.config):
                if (most := host.most(item)) is not None:
                    begin = f"| `{item.name}` ({study.title}) "
                    row = next(line for line in table.splitlines() if line.startswith(begin))
                    assert f"{most:,}" in row


def test_a_changed_limit_makes_the_page_old(monkeypatch):
    page = hosts_table.PAGE.read_text(encoding="utf-8")
    monkeypatch.setitem(hosts_table.FACTS, "runs that wait", lambda host: "seven")
    assert page != hosts_table.written(page)


@pytest.mark.parametrize("name", ["docs/hosting.md", "SECURITY.md"])
def test_every_file_that_is_named_is_there(name):
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    named = [page.parent / link for link in LINK.findall(text)] + [ROOT / path for path in CODE.findall(text)]
    assert named and not [str(path) for path in named if not path.exists()]
