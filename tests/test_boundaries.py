"""The rooms stay apart: who may import whom, each rule with a proof that it can fail."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_only_the_worlds_builder_and_tests_know_the_pocket_world():
    assert not offenders("backend/studies", lambda m, _: m.startswith("backend.pocket"))
    assert not offenders("backend/core", lambda m, _: m.startswith("backend.pocket"))


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
    "runners.slices",
    "runners.slice_worker",
    "runners.replay",
    "serving.hosts",
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
    "studies.text_distillation.estimate",
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
)


@pytest.mark.parametrize("module", [f"backend.{name}" for name in WITHOUT_TORCH])
def test_what_the_server_needs_of_the_engine_loads_without_torch(module):
    assert not loaded_after(f"import {module}") & (LEARNING | SCREEN)


@pytest.mark.parametrize("study", ["studies.text_distillation", "studies.bench", "comparison"])
def test_a_studys_config_loads_without_torch(study):
    assert not loaded_after(f"import backend.{study}.config") & (LEARNING | SCREEN)


def test_the_load_probe_can_fail():
    assert "torch" in loaded_after("import backend.core.params")


def test_files_stay_small_and_say_what_they_are():
    for folder in ("backend", "components"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            assert len(text.splitlines()) <= 300, f"{file.relative_to(ROOT)} has outgrown its room"
            if text.strip():
                assert ast.get_docstring(ast.parse(text)), f"{file.relative_to(ROOT)} does not say what it is"
