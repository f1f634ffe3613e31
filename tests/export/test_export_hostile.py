"""Files that anyone may bring: every one of them is refused in words, and a refusal leaves nothing behind."""

import io
import json
import stat
import struct
import zipfile
from functools import lru_cache

import hypothesis
import pytest
from hypothesis import strategies as st

from backend.errors import UserError
from backend.export import archive
from backend.export.run_file import MANIFEST, pack, unpack
from tests.exported import packed, sample, small, with_document, with_file, with_row, with_setting, without_file

CHECKPOINT = small().files["artifacts/checkpoint.safetensors"]
SCORES = "artifacts/scores/base-llama-pocket-ordinary-0.jsonl"


@lru_cache
def whole() -> bytes:
    """The archive that bad ones are made of."""
    return pack(small())


def zip_of(*entries: tuple[str, bytes], kind: int = stat.S_IFREG, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = (kind | 0o644) << 16, compression
            made.writestr(info, content)
    return out.getvalue()


def with_entry(name: str, content: bytes = b"x", **how) -> bytes:
    """Every file of a good archive, and one more."""
    with zipfile.ZipFile(io.BytesIO(whole())) as good:
        return zip_of(*((n, good.read(n)) for n in good.namelist()), (name, content), **how)


def damaged(place: int) -> bytes:
    return whole()[:place] + bytes([whole()[place] ^ 255]) + whole()[place + 1 :]


def with_count(count: int) -> bytes:
    """An archive that says it holds this many files."""
    return whole()[:-14] + struct.pack("<HH", count, count) + whole()[-10:]


def tensors(**changes: object) -> bytes:
    """The recorded checkpoint with another header, whose numbers stay where they are."""
    length = int.from_bytes(CHECKPOINT[:8], "little")
    header = json.loads(CHECKPOINT[8 : 8 + length])
    for name, change in changes.items():
        header[name] = header.get(name, {}) | change
    said = json.dumps(header).encode()
    return len(said).to_bytes(8, "little") + said + CHECKPOINT[8 + length :]


def prompt(**changes):
    return lambda row: row["prompts"][0].update(changes)


def with_slots(slots: list) -> bytes:
    return with_row("neighbours.jsonl", put(slots=slots))


def with_checkpoint(content: bytes) -> bytes:
    return with_file("artifacts/checkpoint.safetensors", content)


def dropped(name: str):
    return lambda row: row.pop(name)


def put(**changes):
    return lambda row: row.update(changes)


# each is made when it is asked for: packing all of them takes 5 s, and every worker of a test run reads this file
ARCHIVES = {
    "nothing": lambda: b"",
    "text": lambda: b"a run",
    "a pickle": lambda: b"\x80\x04\x95\x10\x00\x00\x00",
    "a gzip": lambda: b"\x1f\x8b\x08\x00" + bytes(40),
    "an empty zip": lambda: zip_of(),
    "half of it": lambda: whole()[: len(whole()) // 2],
    "without its beginning": lambda: whole()[100:],
    "something before it": lambda: b"#!/bin/sh\n" + whole(),
    "something behind it": lambda: whole() + b"x",
    "a byte changed in a file": lambda: damaged(200),
    "a byte changed in the list of files": lambda: damaged(len(whole()) - 100),
    "a name that climbs": lambda: with_entry("../../config.json"),
    "a name that climbs by a backslash": lambda: with_entry("..\\config.json"),
    "an absolute name": lambda: with_entry("/etc/passwd"),
    "a drive": lambda: with_entry("C:/x.json"),
    "a name with a null": lambda: with_entry("config.jsonX.txt").replace(b"config.jsonX.txt", b"config.json\0.txt"),
    "a name twice": lambda: with_entry("configXjson").replace(b"configXjson", b"config.json"),
    "a secret one": lambda: whole().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"),
    "a name that climbs out of scores": lambda: with_entry("artifacts/scores/../../x.jsonl"),
    "a log": lambda: with_entry("worker.log"),
    "a stop flag": lambda: with_entry("stop"),
    "a pickled checkpoint": lambda: with_entry("artifacts/checkpoint.pt"),
    "a script": lambda: with_entry("run.py"),
    "a folder": lambda: with_entry("artifacts/scores/", b""),
    "a link": lambda: zip_of(("config.json", b"/etc/passwd"), kind=stat.S_IFLNK),
    "a device": lambda: zip_of(("config.json", b""), kind=stat.S_IFCHR),
    "packed otherwise": lambda: zip_of(("config.json", b"{}"), compression=zipfile.ZIP_BZIP2),
    "a bomb": lambda: with_entry("artifacts/search.json", bytes(20_000_000)),
    "too many files": lambda: zip_of(*((f"artifacts/scores/{n}.jsonl", b"") for n in range(archive.MOST_FILES + 1))),
    "a count of files that is a lie": lambda: with_count(3),
    "no manifest": lambda: zip_of(("config.json", b"{}")),
    "a manifest that is no JSON": lambda: zip_of((MANIFEST, b"{")),
    "a manifest that is a list": lambda: zip_of((MANIFEST, b"[]")),
    "a manifest without files": lambda: zip_of((MANIFEST, b'{"format": "distilloscope run", "version": 1}')),
    "a newer version": lambda: packed(small().files, version=2),
    "another format": lambda: packed(small().files, format="zip"),
    "a wrong checksum": lambda: packed(small().files, files={name: "0" * 64 for name in small().files}),
    "more in the manifest": lambda: packed(small().files, owner="ada"),
    "a missing file": lambda: packed(small().files, files={"gone.json": "0" * 64}),
}
FILES = {
    "no config": lambda: without_file("config.json"),
    "no status": lambda: without_file("status.json"),
    "a config that is a list": lambda: with_file("config.json", b"[]"),
    "another study": lambda: with_document("config.json", study="bench"),
    "an unknown study": lambda: with_document("config.json", study=["x"]),
    "an unknown setting": lambda: with_setting(trust_remote_code=True),
    "a setting out of range": lambda: with_setting(experts=0),
    "a setting of another type": lambda: with_setting(prompts="8"),
    "settings that do not go together": lambda: with_setting(max_start=99),
    "a number beyond any": lambda: with_setting(test_limit=10**30),
    "a place of another machine": lambda: with_setting(data_dir="/etc"),
    "a place above": lambda: with_setting(data_dir="../../secrets"),
    "a home": lambda: with_setting(start="~/x.jsonl"),
    "a drive in a setting": lambda: with_setting(model="D:\\models\\x"),
    "half a letter in a setting": lambda: with_setting(task="\ud800"),
    "a preset with a path": lambda: with_document("config.json", preset="../x"),
    "a preset that is a number": lambda: with_document("config.json", preset=7),
    "more in the config": lambda: with_document("config.json", owner="ada"),
    "a process in the status": lambda: with_document("status.json", pid=1),
    "a live state": lambda: with_document("status.json", state="running"),
    "a date that is none": lambda: with_document("status.json", started_at=1e18),
    "a date before all": lambda: with_document("status.json", started_at=-1.0),
    "stages that are none": lambda: with_document("status.json", stages="rm -rf"),
    "words in the status": lambda: with_document("status.json", message="<script>"),
    "a summary of text": lambda: with_document("summary.json", heldout={"soft": "x"}),
    "a summary that is a list": lambda: with_file("summary.json", b"[1]"),
    "not a number in the summary": lambda: with_file("summary.json", b'{"steps": NaN}'),
    "infinite by size": lambda: with_document("summary.json", tokens_changed=10**400),
    "a vocabulary without its tokens": lambda: with_document("vocabulary.json", tokens=[]),
    "a point that is no pair": lambda: with_document("vocabulary.json", points=[[1, 2, 3]], tokens=["a"]),
    "a field twice": lambda: with_file("summary.json", b'{"steps": 1, "steps": 2}'),
    "JSON without end": lambda: with_file("vocabulary.json", b"[" * 100_000),
    "another encoding": lambda: with_file("summary.json", '{"steps": 1}'.encode("utf-16")),
    "a mark before the text": lambda: with_file("distilled.jsonl", b"\xef\xbb\xbf" + small().files["distilled.jsonl"]),
    "half a row": lambda: with_file("metrics.jsonl", small().files["metrics.jsonl"][:-4]),
    "an empty row": lambda: with_file("metrics.jsonl", b"\n"),
    "a row that is broken by a return": lambda: with_file("distilled.jsonl", b'{"prompt":\r "a"}\n'),
    "a row that is a number": lambda: with_file("metrics.jsonl", b"7\n"),
    "an unknown stage": lambda: with_row("metrics.jsonl", put(stage="x")),
    "a stage that is a list": lambda: with_row("metrics.jsonl", put(stage=[])),
    "a loss that is text": lambda: with_row("metrics.jsonl", put(loss="0.5")),
    "a loss that is true": lambda: with_row("metrics.jsonl", put(loss=True)),
    "a step that is a fraction": lambda: with_row("metrics.jsonl", put(step=1.5)),
    "an unknown field in a row": lambda: with_row("metrics.jsonl", put(more=1)),
    "a prompt without a slot": lambda: with_row("prompts.jsonl", lambda row: row["prompts"][0].pop("slot")),
    "a prompt without a text": lambda: with_row("prompts.jsonl", prompt(text=None)),
    "half a letter in a prompt": lambda: with_row("prompts.jsonl", prompt(text="\udc00")),
    "a distance that is text": lambda: with_row("prompts.jsonl", prompt(distance="far")),
    "a share beyond one": lambda: with_row("prompts.jsonl", prompt(changed=7.0)),
    "two prompts in one slot": lambda: with_row("prompts.jsonl", prompt(slot=1)),
    "no prompts": lambda: with_row("prompts.jsonl", put(prompts=[])),
    "a step before all": lambda: with_row("prompts.jsonl", put(step=-1)),
    "a path without points": lambda: with_row("paths.jsonl", put(student=[])),
    "a path of single numbers": lambda: with_row("paths.jsonl", put(expert=[1, 2])),
    "a layer without a number": lambda: with_row("paths.jsonl", put(layers=[{"layer": None, "left": 0, "share": 0}])),
    "a place without neighbours": lambda: with_slots([[{"at": [0, 0], "near": []}]]),
    "a neighbour without a distance": lambda: with_row(
        "neighbours.jsonl", put(slots=[[{"at": [0, 0], "near": [["a"]]}]])
    ),
    "a neighbour the wrong way round": lambda: with_row(
        "neighbours.jsonl", put(slots=[[{"at": [0, 0], "near": [[1, "a"]]}]])
    ),
    "a data row without provenance": lambda: with_row("distilled.jsonl", dropped("provenance")),
    "an accuracy above one": lambda: with_row("results.jsonl", put(value=1.2)),
    "an unknown arm": lambda: with_row("results.jsonl", put(arm="<b>")),
    "an arm that is a list": lambda: with_row("results.jsonl", put(arm=["text"])),
    "no questions": lambda: with_row("results.jsonl", put(n=0)),
    "scores elsewhere": lambda: with_row("results.jsonl", put(scores="../../../etc/passwd")),
    "scores by an absolute name": lambda: with_row("results.jsonl", put(scores="/etc/passwd")),
    "an answer that is no option": lambda: with_row(SCORES, put(answer=9)),
    "options without lengths": lambda: with_row(SCORES, put(lengths=[])),
    "an impossible likelihood": lambda: with_file(
        SCORES, b'{"id": "a", "subject": null, "answer": 0, "log_likelihoods": [-Infinity], "lengths": [1]}\n'
    ),
    "more questions than any test has": lambda: with_file(SCORES, b'{"id": 1}\n' * 20_001),
    "a checkpoint that is a pickle": lambda: with_checkpoint(b"\x80\x04\x95" + bytes(100)),
    "a checkpoint cut short": lambda: with_checkpoint(CHECKPOINT[:-8]),
    "a checkpoint with more behind it": lambda: with_checkpoint(CHECKPOINT + b"x"),
    "a checkpoint of another run": lambda: with_checkpoint(
        sample("standard").files["artifacts/checkpoint.safetensors"]
    ),
    "a tensor of no known type": lambda: with_checkpoint(tensors(prompts={"dtype": ["F32"]})),
    "a tensor of another shape": lambda: with_checkpoint(tensors(prompts={"shape": [1, 1, 1]})),
    "tensors that overlap": lambda: with_checkpoint(tensors(log_lrs={"data_offsets": [0, 40]})),
    "a tensor with a strange name": lambda: with_checkpoint(
        tensors(**{"../x": {"dtype": "F32", "shape": [0], "data_offsets": [159904, 159904]}}),
    ),
    "numbers that are not finite": lambda: with_checkpoint(CHECKPOINT[:-1000] + b"\xff" * 992 + CHECKPOINT[-8:]),
    "a search without texts": lambda: with_file("artifacts/search.json", b'{"version": 2, "lrs": [0.1]}'),
    "a search for another number of prompts": lambda: with_file(
        "artifacts/search.json",
        b'{"version": 2, "lrs": [0.1], "trainings": 1, "found": {"round": 0, "drafts": [], "best": [], '
        b'"best_loss": 0.5, "row": {"round": 0, "trainings": 1}}}',
    ),
}


@lru_cache(None)
def bad(name: str) -> bytes:
    return (ARCHIVES | FILES)[name]()


def test_the_archive_that_bad_ones_are_made_of_is_good():
    assert unpack(whole()).files == small().files == unpack(packed(small().files)).files
    assert unpack(with_row("prompts.jsonl", prompt(text="</script><b>"))).files["prompts.jsonl"]
    assert unpack(with_checkpoint(tensors())).files


@pytest.mark.parametrize("name", ARCHIVES | FILES)
def test_a_bad_file_is_refused_in_words(name):
    with pytest.raises(UserError) as refused:
        unpack(bad(name))
    told = refused.value
    assert told.found.endswith(".") and told.expected and told.next_step.endswith(".")
    assert len(str(told)) < 500 and str(told).isprintable()


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_named_where_checksums_fit(name):
    with pytest.raises(UserError) as refused:
        unpack(bad(name))
    assert "archive" not in refused.value.found and "checksums" not in refused.value.found


def test_a_file_that_is_too_large_is_not_even_opened(monkeypatch):
    monkeypatch.setattr(archive, "MOST_PACKED", len(whole()) - 1)
    with pytest.raises(UserError, match="at most"):
        unpack(whole())


def test_no_more_is_unpacked_than_a_run_may_have(monkeypatch):
    monkeypatch.setattr(archive, "MOST_UNPACKED", 100_000)
    with pytest.raises(UserError, match="too large"):
        unpack(whole())


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=150)
def test_any_damage_is_refused_or_harmless(data):
    """Bytes changed, cut, doubled: what still passes is the very run."""
    told = bytearray(whole())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, max(0, len(told) - 1)))
        length = data.draw(st.integers(0, 40))
        told[start : start + length] = data.draw(st.binary(max_size=40))
    try:
        found = unpack(bytes(told))
    except UserError:
        return
    assert found.files == small().files


@hypothesis.given(st.binary(max_size=300))
def test_no_bytes_make_it_stumble(data):
    with pytest.raises(UserError):
        unpack(data)
    with pytest.raises(UserError):
        unpack(b"PK\x03\x04" + data)
