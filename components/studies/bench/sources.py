"""Where a student's data comes from, on the form: a distilled run, an uploaded file, a second file to score on.

Widgets, and from what they hold the two paths of the config. A path is always resolved here from a key that belongs to
the visitor, never typed. Knows the shelf of distillation runs and the store of uploads.
"""

from pathlib import Path

import gradio as gr

from backend.errors import UserError
from components.form.config_form import Unready
from components.run import upload_view
from components.run.shelf import Shelf
from components.run.upload_store import TEST, TRAIN, UploadStore, Use
from components.run.upload_view import NONE


class Sources:
    """`beside_data` and `beside_tasks` make the widgets where the form wants them."""

    def __init__(self, distilled: Shelf, store: UploadStore):
        self.distilled, self.store = distilled, store

    # -- widgets ------------------------------------------------------------------------------------------------
    def beside_data(self) -> None:
        self.run = gr.Dropdown(
            self.runs(""),
            label="distilled run",
            info="Prompts that a distillation run wrote.",
            visible=False,
            interactive=True,
            filterable=False,
            elem_id="bench-source-run",
        )
        with gr.Column(visible=False, elem_id="bench-train-file", elem_classes="ds-upload") as self.train_box:
            self.train, self.train_button, self.train_told = self._uploader(TRAIN, "Examples to learn")

    def beside_tasks(self) -> None:
        fold = gr.Accordion("Score on your own file too", open=False, elem_classes="ds-fold", elem_id="bench-test-fold")
        with fold, gr.Column(elem_id="bench-test-file", elem_classes="ds-upload"):
            self.test, self.test_button, self.test_told = self._uploader(TEST, "Questions to score on")

    def _uploader(self, use: Use, label: str) -> tuple[gr.Dropdown, gr.UploadButton, gr.HTML]:
        return upload_view.uploader(use, label, "bench-", self.store.most_megabytes, optional=use is TEST)

    @property
    def picks(self) -> list:
        return [self.run, self.train, self.test]

    # -- choices ------------------------------------------------------------------------------------------------
    def runs(self, owner: str) -> list[tuple[str, str]]:
        """Distillation runs that wrote their text, the visitor's own and the recorded ones."""
        found = dict(self.distilled.everything(owner))
        has_text = {key for key, run in found.items() if (run.path / "distilled.jsonl").is_file()}
        return [(label, key) for label, key in self.distilled.choices(owner) if key in has_text]

    def offer(self, owner: str, run: object = None, train: object = None, test: object = None) -> dict:
        """Fresh lists for a visitor; what was picked stays where it still exists."""
        runs = self.runs(owner)
        train_files, test_files = self.files(owner, TRAIN), self.files(owner, TEST)
        return {
            self.run: gr.update(choices=runs, value=_kept(run, runs)),
            self.train: gr.update(choices=train_files, value=_kept(train, train_files)),
            self.test: gr.update(choices=test_files, value=_kept(test, test_files)),
        }

    def files(self, owner: str, use: Use) -> list[tuple[str, str]]:
        """What a picker of files offers. A file to score on is no must."""
        return [*([("none", NONE)] if use is TEST else []), *self.store.choices(owner, use)]

    def shown_for(self, data: object) -> dict:
        """Only the picker that the choice of data needs."""
        return {
            self.run: gr.update(visible=data == "distilled"),
            self.train_box: gr.update(visible=data == "file"),
        }

    # -- uploads ------------------------------------------------------------------------------------------------
    def upload(self, owner: str, use: Use, file: object, counted: object = "") -> tuple[str | None, str]:
        """Keep a file: its key, and what to say. On any fault the key is None and what was kept stays."""
        return upload_view.keep(self.store, owner, use, file, counted)

    def told(self, owner: str, use: Use, key: object) -> str:
        """What a picked file holds."""
        return upload_view.told(self.store, owner, use, key)

    # -- paths --------------------------------------------------------------------------------------------------
    def paths(self, values: dict, owner: str, run: object, train: object, test: object) -> dict[str, str]:
        """`data_path` and `test_file` of the config. Raises UserError where the choice is incomplete or not theirs."""
        test_path = self.store.path(owner, test) if test else None
        if test and test_path is None:
            raise UserError("The file to score on is gone.", "one of your files", "Upload it again.")
        found = {"data_path": "", "test_file": str(test_path or "")}
        if values.get("data") == "distilled":
            opened = self.distilled.open(owner, run)
            if opened is None or not (opened.path / "distilled.jsonl").is_file():
                raise Unready(
                    "No distilled run is chosen.", "a run that has produced its text", "Choose one under data."
                )
            found["data_path"] = str(opened.path)
        if values.get("data") == "file":
            path = self.store.path(owner, train)
            if path is None:
                raise Unready("No file is chosen.", "examples to learn from", "Upload one under data.")
            found["data_path"] = str(path)
        return found

    def found(self, owner: str, config: dict) -> list[str | None]:
        """The other way round, for a run's own config: what the three pickers would hold."""
        paths = {name: config.get(name) or "" for name in ("data_path", "test_file")}
        runs = {str(run.path): key for key, run in self.distilled.everything(owner)}
        file = Path(paths["data_path"]).name if config["data"] == "file" else None
        return [runs.get(paths["data_path"]), file, Path(paths["test_file"]).name]

    def spoken(self, owner: str, run: object, train: object, test: object) -> dict[str, str]:
        """The paths as people read them: one that works from the project's folder, or the file's own name."""
        kind, _, name = run.partition("/") if isinstance(run, str) else ("", "", "")
        folder = f"assets/sample_runs/{name}" if kind == "recorded" else f"runs/{name}"
        names = {
            key: self.store.facts(owner, value).get("name", "") for key, value in (("file", train), ("test", test))
        }
        return {"distilled": folder, **names}


def _kept(picked: object, choices: list[tuple[str, str]]) -> str | None:
    """What was picked where it is still there, else the first."""
    keys = [key for _, key in choices]
    return picked if picked in keys else keys[0] if keys else None
