"""The rooms stay apart: who may import whom, each rule with a proof that it can fail."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backend.study import all_studies

ROOT = Path(__file__).parents[1]
SCREEN = {"gradio", "plotly"}
LEARNING = {"torch", "transformers", "datasets", "faiss", "peft", "safetensors"}


def imports_of(path: Path) -> set[str]:
    """Every module a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def offenders(folder: str, forbidden) -> list[str]:
    """Files below `folder` that import something for which `forbidden(module, file)` holds."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    return [f"{f.relative_to(ROOT)} imports {m}" for f in files for m in sorted(imports_of(f)) if forbidden(m, f)]


def test_the_engine_never_imports_the_screen():
    assert not offenders("backend", lambda m, _: m.split(".")[0] in SCREEN | {"components", "app"})


def test_the_screen_holds_no_machine_learning():
    assert not offenders("components", lambda m, _: m.split(".")[0] in LEARNING)


def test_core_never_imports_a_study_nor_the_comparison():
    assert not offenders("backend/core", lambda m, _: m.startswith(("backend.studies", "backend.studies.bench")))


def test_selection_knows_the_core_alone_and_the_core_not_selection():
    rooms = ("backend.studies", "backend.studies.bench", "backend.pocket")
    assert not offenders("backend/selection", lambda m, _: m.startswith(rooms))
    assert not offenders("backend/core", lambda m, _: m.startswith("backend.selection"))


def test_nobody_but_the_table_of_studies_knows_the_comparison():
    def intrudes(module: str, file: Path) -> bool:
        return module.startswith("backend.comparison") and ROOT / "backend" / "comparison" not in file.parents

    assert not offenders("backend", intrudes)
    assert not offenders("components", intrudes)
    assert intrudes("backend.comparison.table", ROOT / "backend" / "settings.py")  # the rule can be broken


def test_studies_never_import_each_other():
    def crosses(module: str, file: Path) -> bool:
        own = file.relative_to(ROOT / "backend" / "studies").parts[0]
        return module.startswith("backend.studies.") and not module.startswith(f"backend.studies.{own}")

    assert not offenders("backend/studies", crosses)


def test_the_core_and_the_studies_of_any_data_know_no_pocket_world():
    """A study that draws endless data from the bundled world may import it."""
    for folder in ("core", "studies/text_distillation", "studies/bench", "comparison", "selection", "search", "runs"):
        assert not offenders(f"backend/{folder}", lambda m, _: m.startswith("backend.pocket"))


def test_pictures_are_drawn_without_a_learning_library():
    assert not offenders("backend/pocket/pictures", lambda m, _: m.split(".")[0] in LEARNING)


def test_the_probe_can_fail(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from backend.studies.clip import run\n    import gradio.themes\n")
    assert {"backend.studies.clip", "backend.studies.clip.run", "gradio.themes"} <= imports_of(bad)


def loaded_after(statement: str) -> set[str]:
    """Top-level modules in a fresh interpreter after `statement`."""
    code = f"import sys\n{statement}\nprint(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


WITHOUT_TORCH = (
    "disk",
    "settings",
    "study",
    "__main__",
    "runs.folder",
    "runs.lineage",
    "runs.timings",
    "runs.machine",
    "runs.estimate",
    "runs.recipe",
    "runs.recipe_texts",
    "runs.carry_out",
    "runs.results",
    "process",
    "runs.worker",
    "runners.contract",
    "runners.queue",
    "runners.workers",
    "runners.local",
    "runners.chosen",
    "runners.ray.launcher",
    "runners.slices",
    "runners.slice_worker",
    "runners.replay",
    "limits.hosts",
    "serving.keeper",
    "serving.health",
    "desk.desk",
    "commands.hosts_table",
    "commands.ask",
    "commands.run",
    "commands.listing",
    "commands.export",
    "export.kinds",
    "export.hub",
    "studies.text_distillation.branching",
    "studies.text_distillation.doctor",
    "runs.pace",
    "runs.outlook",
    "runs.work",
    "studies.text_distillation.cost",
    "studies.bench.work",
    "comparison.work",
    "studies.bench.files",
    "studies.bench.paired",
    "comparison.command",
    "comparison.table",
    "selection",
    "search.names",
    "core.scoring.compare",
    "core.scoring.metrics",
    "core.scoring.scored",
    "core.models.registry",
    "core.text.uploads",
    "core.text.reading",
    "commands.describe",
)


@pytest.mark.parametrize("module", [f"backend.{name}" for name in WITHOUT_TORCH])
def test_what_the_server_needs_of_the_engine_loads_without_torch(module):
    assert not loaded_after(f"import {module}") & (LEARNING | SCREEN)


@pytest.mark.parametrize("study", ["studies.text_distillation", "studies.bench", "comparison"])
def test_a_studys_config_loads_without_torch(study):
    assert not loaded_after(f"import backend.{study}.config") & (LEARNING | SCREEN)


def test_the_load_probe_can_fail():
    assert "torch" in loaded_after("import backend.core.params")


# -- the house: rooms without a circle, none of which names a study ---------------------------------------------------
GENERAL = ("app.py", "backend", "components")
OWN = ("backend/studies", "backend/comparison", "components/studies", "components/compare")
OLD = {"components/frame/navigation.py": {"bench"}, "components/frame/theme.py": {"bench"}}  # an old address; a sheet


def studies_named(file: Path) -> set[str]:
    """The studies whose name, config or folder a file mentions, in code, texts, docstrings or comments."""
    words = set(re.findall(r"[A-Za-z_]+", file.read_text(encoding="utf-8")))
    return {study.name for study in all_studies() if {study.name, study.config.__name__} & words}


def general_files() -> list[Path]:
    files = [f for part in GENERAL for f in ([ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("*.py"))]
    return [f for f in sorted(files) if not str(f.relative_to(ROOT)).startswith(OWN)]


def test_no_general_room_names_a_study():
    shown = {study.name for study in all_studies() if study.shown}
    found = {str(f.relative_to(ROOT)): studies_named(f) & shown for f in general_files()}
    assert len(found) > 80
    assert not {f: names - OLD.get(f, set()) for f, names in found.items() if names - OLD.get(f, set())}


def test_a_study_named_in_a_general_room_is_noticed(tmp_path):
    (tmp_path / "bad.py").write_text(
        "# only for text_distillation\nfrom backend.studies.bench.config import BenchConfig\n"
    )
    assert studies_named(tmp_path / "bad.py") == {"text_distillation", "bench"}


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module: its folder below backend or components, and each room of core and each study apart."""
    deep = 3 if parts[:2] in (("backend", "core"), ("backend", "studies"), ("components", "studies")) else 2
    folder = [part for part in parts[:deep] if (ROOT / Path(*parts[: parts.index(part) + 1])).is_dir()]
    return "/".join(folder if len(folder) > 1 else parts[:2])


def arrows() -> dict[str, set[str]]:
    """Which room imports which."""
    found: dict[str, set[str]] = {}
    for tree in ("backend", "components"):
        for file in (ROOT / tree).rglob("*.py"):
            room = room_of(file.relative_to(ROOT).with_suffix("").parts)
            wanted = {m for m in imports_of(file) if m.startswith(("backend.", "components."))}
            modules = {m for m in wanted if (ROOT / m.replace(".", "/")).with_suffix(".py").exists()}
            found.setdefault(room, set()).update({room_of(tuple(m.split("."))) for m in modules} - {room})
    return found


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """The rooms that lie on a circle; empty where there is none."""
    left = dict(arrows)
    while done := [room for room, others in left.items() if not others & left.keys()]:
        for room in done:
            del left[room]
    return sorted(left)


def test_the_rooms_have_no_circle():
    assert len(arrows()) > 25
    assert circle(arrows()) == []


def test_a_circle_would_be_noticed():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def test_no_arrow_leads_from_core_or_runs_upwards():
    ground = ("errors", "disk", "process", "settings")
    below = {"core": (*ground, "core"), "runs": (*ground, "core", "study", "studies", "runs")}  # the table, no study
    for room, allowed in below.items():

        def upwards(module: str, _: Path, allowed=allowed) -> bool:
            parts = module.split(".")
            return parts[0] == "backend" and len(parts) > 1 and parts[1] not in allowed

        assert not offenders(f"backend/{room}", upwards)


def test_functions_stay_short():
    for tree in ("backend", "components"):
        lengths = sorted(
            node.end_lineno - node.lineno + 1
            for file in (ROOT / tree).rglob("*.py")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        )
        assert lengths[int(0.95 * len(lengths))] <= 20 and lengths[-1] <= 40


def test_files_stay_small_and_say_what_they_are():
    for folder in ("backend", "components"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            assert len(text.splitlines()) <= 300, f"{file.relative_to(ROOT)} has outgrown its room"
            if text.strip():
                assert ast.get_docstring(ast.parse(text)), f"{file.relative_to(ROOT)} does not say what it is"
