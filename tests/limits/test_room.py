"""Room on the disk."""

import dataclasses

import pytest

from backend.errors import UserError
from backend.limits import room
from backend.limits.hosts import HOSTS, LOCAL
from backend.limits.room import MB, check_room, used

SMALL = dataclasses.replace(HOSTS[LOCAL], room_per_owner=2 * MB, reserve=0)


def test_only_files_of_the_folder_itself_count(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "owner"
    folder.mkdir()
    outside.write_bytes(b"x" * 1000)
    (folder / "link").symlink_to(outside)
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_bytes(b"x" * 10)
    assert used(folder) == 10


def test_an_owner_whose_room_is_full_is_told_what_to_discard(tmp_path):
    check_room(tmp_path, SMALL)
    (tmp_path / "run").write_bytes(b"x" * 2 * MB)
    with pytest.raises(UserError, match="Your runs take 2 MB"):
        check_room(tmp_path, SMALL)


def test_nothing_starts_on_a_disk_that_is_almost_full(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "free", lambda folder: 100 * MB)
    with pytest.raises(UserError, match="100 MB left"):
        check_room(tmp_path, HOSTS[LOCAL])


def test_a_folder_that_is_yet_to_be_made_has_room(tmp_path):
    check_room(tmp_path / "not" / "yet", SMALL)
