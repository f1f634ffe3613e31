"""The Dockerfile, without a build: what it copies is there and enough, what it runs exists, and nobody is root."""

import ast
import fnmatch
import json
import re
from pathlib import Path

import app
from backend.limits.hosts import CPU_SPACE, HOSTS
from tests.space import tracked

ROOT = Path(__file__).parents[2]
MOST_MB = 96  # most of it recorded runs, of which each new study brings two


def instructions(text: str) -> list[tuple[str, str]]:
    """`(name, rest)` of each, continued lines joined, comments dropped."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


FOUND = instructions((ROOT / "Dockerfile").read_text())


def all_of(name: str) -> list[str]:
    return [rest for found, rest in FOUND if found == name]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in all_of("ENV") for pair in rest.split())


def copied() -> list[str]:
    """The tracked files that get into the image."""
    sources = [source for rest in all_of("COPY") for source in rest.split()[:-1]]
    return [name for name in tracked() if any(name == s or name.startswith(f"{s}/") for s in sources)]


def test_every_instruction_is_one_that_docker_knows():
    known = {"FROM", "ENV", "ARG", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert {name for name, _ in FOUND} <= known


def test_the_base_image_is_pinned_to_a_python_the_project_supports():
    (base,) = all_of("FROM")
    found = re.fullmatch(r"python:(\d+)\.(\d+)\.(\d+)-slim-\w+", base)
    assert found and (3, 11) <= (int(found[1]), int(found[2]))


def test_every_source_is_tracked_and_each_is_let_through_by_dockerignore():
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*", "nothing by default"
    let_through = {rule[1:] for rule in rules if rule.startswith("!")}
    sources = {source for rest in all_of("COPY") for source in rest.split()[:-1]}
    assert sources == let_through
    for source in sources:
        assert any(name == source or name.startswith(f"{source}/") for name in tracked()), source


def test_nothing_secret_or_huge_is_copied():
    names = copied()
    assert len(names) > 300
    for pattern in (
        "*.env*",
        "*.pem",
        "*id_rsa*",
        "*token*.txt",
        "tests/*",
        "docs/*",
        "benchmarks/*",
        ".git/*",
        "*/.*",
    ):
        assert not [name for name in names if fnmatch.fnmatch(name, pattern)], pattern
    sizes = {name: (ROOT / name).stat().st_size / 2**20 for name in names}
    assert sum(sizes.values()) < MOST_MB and max(sizes.values()) < MOST_MB / 4


def imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {module.split(".")[0] for module in modules}


def test_every_module_of_ours_that_the_app_imports_is_copied():
    names = set(copied())
    own = {path.stem for path in ROOT.glob("*.py")} | {path.parent.name for path in ROOT.glob("*/__init__.py")}
    for name in sorted(name for name in names if name.endswith(".py")):
        for module in imported(ROOT / name) & own:
            assert f"{module}.py" in names or f"{module}/__init__.py" in names, f"{name} imports {module}"


def test_the_command_starts_a_file_with_options_that_it_knows(monkeypatch):
    command = json.loads(all_of("CMD")[0])
    assert command[0] == "python" and command[1] in copied()
    asked = {}
    monkeypatch.setattr(app, "serve", lambda address, port, **more: asked.update(host=address, port=port))
    monkeypatch.setattr("sys.argv", command[1:])
    app.main()
    assert asked == {"host": "0.0.0.0", "port": int(all_of("EXPOSE")[0])}


def test_the_health_check_asks_the_port_that_is_served():
    (check,) = all_of("HEALTHCHECK")
    assert f"http://127.0.0.1:{all_of('EXPOSE')[0]}/health" in check
    assert ast.parse(json.loads(check[check.index("[") :])[2])


def test_nobody_is_root_and_only_the_volume_can_be_written():
    order = [name for name, _ in FOUND]
    assert all_of("USER") == ["visitor"] and order.index("USER") < order.index("CMD")
    assert max(i for i, name in enumerate(order) if name in ("COPY", "RUN")) < order.index("USER")
    assert "--chown" not in " ".join(all_of("COPY")), "the code belongs to root: a visitor's process cannot change it"
    assert environment()["DISTILLOSCOPE_HOME"] == all_of("VOLUME")[0] == "/data"
    assert "chown visitor:visitor /data" in " ".join(all_of("RUN"))


def test_the_image_has_the_limits_of_a_shared_host():
    assert HOSTS[environment()["DISTILLOSCOPE_HOST"]].kind == CPU_SPACE


def test_no_layer_keeps_a_cache_or_a_secret():
    assert all("--no-cache-dir" in rest for rest in all_of("RUN") if "pip install" in rest)
    assert not [name for name in environment() if re.search("TOKEN(?!I)|SECRET|PASSWORD|KEY", name)]
