"""Where a student's data comes from, on the form: a distilled run, an uploaded file, a second file to score on.

Widgets, and from what they hold the two paths of the config. A path is always resolved here from a key that belongs to
the visitor, never typed. Knows the shelf of distillation runs and the store of uploads.
"""

from html import escape
from pathlib import Path

import gradio as gr

from backend.core.text.table_formats import READERS
from backend.errors import UserError
from components.form.config_form import Unready
from components.frame.failure import error_markup
from components.run.shelf import Shelf, is_owner
from components.run.upload_store import MOST_MEGABYTES, TEST, TRAIN, UploadStore, Use

NONE = ""


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
            self.train, self.train_button, self.train_told = _uploader(TRAIN, "Examples to learn")

    def beside_tasks(self) -> None:
        fold = gr.Accordion("Score on your own file too", open=False, elem_classes="ds-fold", elem_id="bench-test-fold")
        with fold, gr.Column(elem_id="bench-test-file", elem_classes="ds-upload"):
            self.test, self.test_button, self.test_told = _uploader(TEST, "Questions to score on")

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
    def upload(self, owner: str, use: Use, file: object) -> tuple[str | None, str]:
        """Keep a file: its key, and what to say. On any fault the key is None and what was kept stays."""
        path = Path(file) if isinstance(file, str) else None
        if path is None or not is_owner(owner) or not path.is_file():
            return None, error_markup(UserError("No file arrived.", "one file", "Choose it again."))
        try:
            key, found = self.store.keep(owner, use, path, path.name)
        except UserError as error:
            return None, error_markup(error)
        return key, file_markup(found, use)

    def told(self, owner: str, use: Use, key: object) -> str:
        """What a picked file holds."""
        found = self.store.facts(owner, key)
        return file_markup(found, use) if found else ""

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


# a refusal stands below what was clicked, often below the edge of the form's own scroller: it is brought into sight
SEEN_JS = """
watch("value", () => requestAnimationFrame(() => element.querySelector("[role=alert]")?.scrollIntoView({
  block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" })));
"""


def _uploader(use: Use, label: str) -> tuple[gr.Dropdown, gr.UploadButton, gr.HTML]:
    picker = gr.Dropdown(
        [("none", NONE)] if use is TEST else [],
        value=NONE if use is TEST else None,
        label=label,
        info=f"{', '.join(READERS)}; at most {MOST_MEGABYTES} MB.",
        interactive=True,
        filterable=False,
        elem_id=f"bench-{use.name}-pick",
    )
    button = gr.UploadButton("Upload a file", file_types=list(READERS), size="sm", elem_id=f"bench-{use.name}-upload")
    told = gr.HTML("", js_on_load=SEEN_JS, elem_id=f"bench-{use.name}-told", apply_default_css=False)
    return picker, button, told


def file_markup(found: dict, use: Use) -> str:
    """How many, how the file was read, what there is to warn about, and the first three."""
    shown = [(escape(_end(a)), escape(_end(b))) for a, b in found["shown"]]
    rows = "".join(f"<li><span>{a}</span><b>{b}</b></li>" for a, b in shown)
    count, layout = found["count"], found.get("layout")  # files kept before have no layout
    told = [f"Read as {layout}.", *found.get("warnings", ())] if layout else []
    remarks = "".join(f"<p>{escape(sentence)}</p>" for sentence in told)
    return (
        f'<div class="ds-file" data-count="{count}" role="status"><strong translate="no">'
        f"{escape(found['name'])}</strong>"
        f"<span>{count:,} {use.noun}{'' if count == 1 else 's'}</span>"
        f'{remarks}<ol translate="no">{rows}</ol></div>'
    )


def _end(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"… {text[-most:]}"
