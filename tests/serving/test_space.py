"""The Space's configuration: the README's front matter as the Hub reads it, and pins that it can install."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import app
from backend.limits.hosts import CPU_SPACE, HOSTS, LOCAL, ZERO_GPU, keeps, this_host

ROOT = Path(__file__).parents[2]
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
KEYS = {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "app_port"}
KEYS |= {"pinned", "license", "short_description", "tags", "models", "datasets", "suggested_hardware", "header"}
KEYS |= {"startup_duration_timeout", "preload_from_hub", "fullWidth", "disable_embedding", "thumbnail", "base_path"}
KEYS |= {"hf_oauth", "hf_oauth_scopes", "hf_oauth_expiration_minutes", "custom_headers"}
NEEDED = {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file"}
NEEDED |= {"short_description"}
ZERO_TORCH = {"2.8.0", "2.9.1", "2.10.0", "2.11.0"}  # what ZeroGPU's page listed on 22 August 2026
PIN = re.compile(r"([\w.-]+)(\[[\w,-]+\])?==([\w.]+)")


def front_matter() -> dict:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.startswith("---\n"), "the hub looks at the very first line"
    return yaml.safe_load(text.split("---\n")[1])


def pins(name: str = "requirements.txt") -> dict[str, str]:
    lines = [line.strip() for line in (ROOT / name).read_text().splitlines()]
    found = [PIN.fullmatch(line) for line in lines if line and line[0] not in "#-"]
    assert all(found), f"{name} has a requirement without an exact version"
    return {each[1].lower(): each[3] for each in found}


def test_the_front_matter_has_keys_that_the_hub_knows_and_all_that_we_need():
    assert NEEDED <= front_matter().keys() <= KEYS


def test_the_front_matter_says_what_the_hub_can_read():
    found = front_matter()
    assert found["sdk"] == "gradio"
    assert (ROOT / found["app_file"]).is_file()
    assert {found["colorFrom"], found["colorTo"]} <= COLOURS
    assert 0 < len(found["short_description"]) <= 60
    assert len(found["emoji"]) <= 2 and not found["emoji"].isascii()


def test_the_space_installs_the_gradio_that_we_test():
    assert front_matter()["sdk_version"] == pins()["gradio"]


def test_the_python_is_one_that_spaces_offer_and_our_pins_accept():
    version = front_matter()["python_version"]
    assert isinstance(version, str), "a number would lose its last zero"
    assert version == "3.12", "ZeroGPU has 3.12 and 3.10; pandas 3 and numpy 2.4 want 3.11"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"


@pytest.mark.parametrize("extra", ["", "-zerogpu", "-mcp", "-follow"])
def test_everything_is_pinned_exactly(extra):
    assert pins(f"requirements{extra}.txt")


def test_the_pins_for_zero_gpu_differ_in_torch_alone():
    plain, zero = pins(), pins("requirements-zerogpu.txt")
    assert zero["torch"] in ZERO_TORCH
    assert {**plain, "torch": ""} == {**zero, "torch": ""}
    assert "spaces" not in zero, "the Space brings its own"


def test_gradio_with_mcp_can_be_installed_beside_our_pydantic():
    """A Space installs gradio with its extras; they want pydantic 2.11.10 to 2.12.5."""
    assert (2, 11, 10) <= tuple(int(part) for part in pins()["pydantic"].split(".")) <= (2, 12, 5)


# -- the app's answers to a Space's variables -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "variables, kind",
    [
        ({}, LOCAL),
        ({"SPACE_ID": "a/b"}, CPU_SPACE),
        ({"SPACE_ID": "a/b", "SPACES_ZERO_GPU": "true"}, ZERO_GPU),
        ({"SPACE_ID": "a/b", "DISTILLOSCOPE_HOST": "local"}, LOCAL),
    ],
)
def test_the_kind_of_host_is_what_its_variables_tell(variables, kind):
    assert this_host(variables).kind == kind


def test_a_space_serves_everyone_and_a_laptop_nobody_else():
    assert app.default_host({}) == "127.0.0.1"
    assert app.default_host({"SPACE_ID": "a/b"}) == "0.0.0.0"
    assert app.default_host({"SPACE_ID": "a/b", "GRADIO_SERVER_NAME": "127.0.0.1"}) == "127.0.0.1"


def test_a_bucket_becomes_the_home_unless_another_is_named(monkeypatch):
    monkeypatch.setattr("os.path.ismount", lambda path: str(path) == "/data")
    assert app.settle_home({"SPACE_ID": "a/b"}) == {"DISTILLOSCOPE_HOME": "/data/distilloscope"}
    assert app.settle_home({"SPACE_ID": "a/b", "DISTILLOSCOPE_HOME": "/elsewhere"}) == {}
    assert app.settle_home({}) == {}
    assert keeps({"SPACE_ID": "a/b"})
    monkeypatch.setattr("os.path.ismount", lambda path: False)
    assert app.settle_home({"SPACE_ID": "a/b"}) == {} and not keeps({"SPACE_ID": "a/b"})


@pytest.mark.parametrize("kind", HOSTS)
def test_the_runner_is_the_hosts_own(kind, monkeypatch, tmp_path):
    monkeypatch.setenv("DISTILLOSCOPE_HOST", kind)
    made = app.make_runner(tmp_path, this_host())
    assert type(made).__name__ == ("SliceRunner" if kind == ZERO_GPU else "LocalRunner")
    monkeypatch.setenv("DISTILLOSCOPE_REPLAY", "1")
    assert type(app.make_runner(tmp_path, this_host())).__name__ == "ReplayRunner"
