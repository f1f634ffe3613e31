"""Files that anyone may bring over raw HTTP: bombs, names that climb, links, wrong kinds, formulas and markup."""

import gzip
import io
import json
import zipfile
from functools import lru_cache, partial

import pytest

from tests.export import test_export_bench
from tests.export.test_export_hostile import ARCHIVES, FILES, whole, with_entry, zip_of
from tests.exported import packed
from tests.hostile.siege import BEN, ROOT, Shot

pytestmark = pytest.mark.hostile
MARKUP = '<img src=x onerror="alert(1)">'
GOOD = b"prompt,answer\nWhy?,so\n"


@lru_cache
def bomb() -> bytes:
    """An archive of which a thousandth is sent."""
    return zip_of(("artifacts/search.json", bytes(200 * 2**20)))


def nested() -> bytes:
    return zip_of(*((f"{number}.zip", bomb()) for number in range(3)), compression=zipfile.ZIP_STORED)


TABLES = {  # each is made when it is brought: every worker of a test run reads this file
    "empty.csv": lambda: b"",
    "bomb.csv": bomb,
    "bomb.parquet": bomb,
    "gzip.jsonl": lambda: gzip.compress(bytes(10 * 2**20)),
    "latin.csv": lambda: "prompt,answer\nWarum nicht äöü?,so\n".encode("latin-1"),
    "utf16.csv": lambda: GOOD.decode().encode("utf-16"),
    "null.csv": lambda: GOOD.replace(b"so", b"s\0o"),
    "half.jsonl": lambda: b'{"prompt": "\\ud800", "answer": "x"}\n',
    "formula.csv": lambda: b'prompt,answer\n"=HYPERLINK(""http://x"",""y"")",@SUM(1)\n',
    "markup.csv": lambda: f"prompt,answer\n{MARKUP.replace(',', '')},</script><script>alert(1)</script>\n".encode(),
    "markup.json": lambda: json.dumps([{"prompt": MARKUP, "answer": MARKUP}] * 4).encode(),
    "deep.json": lambda: b"[" * 200_000,
    "deep.jsonl": lambda: b'{"prompt": ' * 100_000 + b"\n",
    "twice.jsonl": lambda: b'{"prompt": "a", "prompt": "b", "answer": "c"}\n',
    "nan.jsonl": lambda: b'{"prompt": NaN, "answer": Infinity}\n',
    "digits.jsonl": lambda: b'{"prompt": "a", "answer": ' + b"9" * 5000 + b"}\n",
    "one-line.csv": lambda: b"prompt,answer\n" + b"x" * 900_000,
    "columns.csv": lambda: b",".join(b"c%d" % number for number in range(100_000)) + b"\n",
    "rows.csv": lambda: b"prompt,answer\n" + b"a,b\n" * 200_000,
    "quote.csv": lambda: b'prompt,answer\n"never closed,' + b"x,\n" * 1000,
    "pickle.parquet": lambda: b"\x80\x04\x95\x10\x00\x00\x00",
    "half.parquet": lambda: b"PAR1" + bytes(100) + b"PAR1",
    "picture.csv": lambda: b"\x89PNG\r\n" + bytes(100),
    "page.html": lambda: MARKUP.encode(),
    "program.py": lambda: b"import os; os.abort()",
    "none": lambda: GOOD,
    "many.suffixes.csv.exe": lambda: GOOD,
    "huge.csv": lambda: b"prompt,answer\n" + b"a,b\n" * 700_000,
}
NAMES = [
    "../../../../tmp/climbed.csv",
    "..\\..\\climbed.csv",
    "/etc/climbed.csv",
    "C:\\climbed.csv",
    "a\0b.csv",
    f"{MARKUP}.csv",
    "x" * 400 + ".csv",
    ".csv",
    ".htaccess",
    "con.csv",
    "=cmd().csv",
    "\u202evsc.exe.csv",
    "%2e%2e%2fclimbed.csv",
    "config.json",
    "line\nbreak.csv",
]


UPLOADS = ("upload", "upload_train", "upload_test")


def events(siege, *names):
    found = {one["api_name"]: one for one in siege.events}
    return [found[name] for name in names]


def brought(siege, names, name, content):
    """The file uploaded, and every answer on the way. Where it was too large nothing more can be asked."""
    first, file = siege.upload("files", name, content)
    answers = [first]
    for one in events(siege, *names) if file else ():
        answers += siege.throw("files", [Shot(one, sent(one, file))])
    return answers


def sent(event: dict, file: dict) -> list:
    """What the event of an upload is given: a run file beside the run on screen, any other with its `answers_from`."""
    return [BEN.id, None, file] if event["api_name"] == "bring" else [BEN.id, file, "auto"]


def unescaped(answers) -> list:
    """A tag that was brought and came back as one."""
    return [one.text for one in answers if MARKUP.partition('"')[0] in one.text.replace("\\u003c", "<")]


def test_a_run_file_that_is_none_makes_no_run(siege):
    of_the_bench = {f"bench, {name}": partial(packed, files) for name, files in test_export_bench.BAD.items()}
    more = {"a large bomb": bomb, "bombs in an archive": nested}
    more["a link out"] = partial(with_entry, "x", b"/", kind=0o120000)
    before, all_answers = len(list((siege.home / "runs" / BEN.id).iterdir())), []
    for name, make in (ARCHIVES | FILES | of_the_bench | more).items():
        answers = brought(siege, ["bring"], "mine.distilloscope.zip", make())
        assert "ds-failure" in answers[-1].text, name
        assert len(list((siege.home / "runs" / BEN.id).iterdir())) == before, name
        all_answers += answers
    siege.verify(all_answers)


def test_a_table_is_read_or_refused_in_words_and_nothing_in_it_becomes_markup(siege):
    all_answers = []
    for name, make in TABLES.items():
        answers = brought(siege, UPLOADS, name, make())
        assert not unescaped(answers[1:]) and not [one.asked for one in answers if one.broke], name
        all_answers += answers
    siege.verify(all_answers)


def test_the_name_of_a_file_leads_nowhere_and_is_no_markup(siege):
    all_answers = []
    for name in NAMES:
        answers = brought(siege, ["upload", "upload_train", "bring"], name, GOOD)
        assert not unescaped(answers[1:]), name
        all_answers += answers
    siege.verify(all_answers)


def test_a_file_is_too_large_before_it_is_kept(siege):
    answer, file = siege.upload("files", "big.zip", bytes(70 * 2**20))
    assert answer.status == 413 and file is None
    siege.verify([answer])


def test_a_file_that_was_never_brought_cannot_be_named(siege):
    home = siege.home / "runs"
    places = [
        "/etc/passwd",
        f"{ROOT}/app.py",
        f"{home}/{BEN.id}/{BEN.run}/config.json",
        "/proc/self/environ",
        "/dev/zero",
    ]
    places += [
        "../app.py",
        "app.py",
        ".",
        "/",
        "",
        str(siege.served),
        f"{siege.served}/../home/runs",
        "http://127.0.0.1:1/",
    ]
    places += [
        f"{siege.address}/config",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:text/csv,a",
        "\0",
        "x" * 5000,
    ]
    answers = []
    for place in places:
        file = {"path": place, "url": place, "orig_name": "a.csv", "meta": {"_type": "gradio.FileData"}}
        shots = [Shot(one, sent(one, file)) for one in events(siege, *UPLOADS, "bring")]
        answers += siege.throw("files", shots)
    assert not [answer.asked for answer in answers if answer.broke or "data-count" in answer.text]
    siege.verify(answers)


@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n"]
)
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/form-data", "text/plain"])
def test_an_upload_of_broken_parts_is_refused(siege, body, kind):
    answer = siege.send("files", "POST", "/gradio_api/upload", content=body, headers={"content-type": kind})
    siege.verify([answer])


def test_the_good_file_that_the_bad_ones_are_made_of_is_taken(siege):
    assert io.BytesIO(whole()).read(2) == b"PK"
    answers = brought(siege, ["bring"], "mine.distilloscope.zip", whole())
    assert "ds-brought" in answers[-1].text
    answers += (table := brought(siege, ["upload_train"], "good.csv", GOOD))
    assert 'data-count=\\"1\\"' in table[-1].text
    siege.verify(answers)
