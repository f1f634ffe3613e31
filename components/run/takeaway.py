"""Take it with you: the run on screen as files, its data set on the hub, and a run that is brought back.

Widgets, and the answers to them. What there is to take is what the study of the run offers, and a report where its
screen can draw one. Every answer takes a run from the shelf by the visitor's id, so nobody gets what they may not see;
a file that is brought is read by backend.export, which trusts nothing of it. A token is used once.
"""

import contextlib
import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.export import hub
from backend.export.archive import MOST_PACKED
from backend.export.copy import RunCopy
from backend.export.kinds import kinds_of, made, maker
from backend.export.run_file import SUFFIX, restore, unpack
from backend.limits.room import check_room
from backend.runs.folder import RunDir
from backend.settings import list_presets
from backend.study import Study, find
from components.frame.events import sent
from components.frame.failure import error_markup
from components.frame.scripts import script
from components.run.downloads import Downloads
from components.run.keeping import keep_set
from components.run.shelf import OWN, Shelf, is_owner, new_owner
from components.run.takeaway_words import BRING, GONE, PUBLISH, brought_markup, pushed_markup, template
from components.run.upload_store import UploadStore
from components.run.view import RunView

SCRIPT = Path(__file__).with_suffix(".js")
DATASET, REPORT, KEEP = "dataset", "report", "keep"
MOST_MEGABYTES = MOST_PACKED // 2**20  # the server refuses larger uploads before they arrive
QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 2}
LOOK_UP = """() => { if (document.querySelector("#brought .ds-brought"))
  document.querySelector("#run-card").scrollIntoView({ block: "start" }); }"""


class TakeAway:
    """The card under a run. Made inside a Blocks context; `bind` ties it to the view above it."""

    def __init__(self, shelf: Shelf):
        self.shelf, self.study = shelf, described(shelf.study)
        self.kinds = offered(self.study)
        with gr.Column(elem_classes="ds-card", elem_id="takeaway"):
            self.card = gr.HTML(
                None,
                html_template=template(self.kinds, self.study),
                js_on_load=script(SCRIPT),
                elem_id="take",
                apply_default_css=False,
            )
            if DATASET in self.kinds:
                with gr.Accordion("Publish the data set on the Hugging Face Hub", open=False, elem_classes="ds-fold"):
                    self._make_publish()
            gr.HTML(BRING, apply_default_css=False)
            self.file = gr.File(
                label=f"Run file, *{SUFFIX}",
                show_label=False,
                file_count="single",
                height=120,
                elem_id="bring",
                elem_classes="ds-drop",
            )
            self.brought = gr.HTML("", elem_id="brought", elem_classes="ds-if-any", apply_default_css=False)
        self.downloads = Downloads(self.card.GRADIO_CACHE)
        self.api = hub.HfApi

    def _make_publish(self) -> None:
        gr.HTML(PUBLISH, apply_default_css=False)
        self.name = gr.Textbox(
            label="Name", info="Your own, in the form account/name.", elem_id="hub-name", max_length=200
        )
        self.token = gr.Textbox(
            label="Access token",
            info="With write permission. It is used once and not stored.",
            type="password",
            elem_id="hub-token",
            max_length=300,
        )
        self.private = gr.Checkbox(True, label="Private", info="Only you can see it.", elem_id="hub-private")
        self.push = gr.Button("Publish", elem_id="hub-push", elem_classes="ds-push")
        self.pushed = gr.HTML("", elem_id="hub-told", elem_classes="ds-if-any", apply_default_css=False)

    def bind(self, owner: gr.BrowserState, view: RunView) -> None:
        which = [owner, view.picker]
        self.view, self.owner = view, owner
        self.card.take(self.take, which, self.card, **QUIET)
        if DATASET in self.kinds:
            filled = [*which, self.name, self.token, self.private]
            self.push.click(self.publish, filled, [self.token, self.pushed], **QUIET)
        arrived = self.file.upload(
            self.bring, [owner, view.picker, self.file], [owner, self.file, self.brought, *view.parts], **QUIET
        )
        arrived.then(None, None, None, js=LOOK_UP, api_visibility="private")

    # -- answers ------------------------------------------------------------------------------------------------
    def take(self, owner: str, key: str | None, event: gr.EventData) -> dict:
        """A file of the run on screen: where it lies for a while, or why there is none. `keep` keeps a data set."""
        kind = sent(event, "kind")
        kind = kind if isinstance(kind, str) else ""
        try:
            run = self._open(owner, key)
            if kind == KEEP:
                store = UploadStore(self.shelf.root, self.shelf.host)
                return {"kind": kind, "kept": keep_set(store, owner, run, sent(event, "set"))}
            if kind not in self.kinds:
                raise UserError("There is no such file.", "one of the buttons", "Reload the page.")
            draw = drawer(self.study) if kind == REPORT else None
            found = draw(run, self.shelf.title(run)) if draw else made(run, kind)
            return {"kind": kind, **self.downloads.put(*found)}
        except UserError as error:
            return {"kind": kind, "error": error.as_dict()}

    def publish(self, owner: str, key: str | None, name: object, token: object, private: object) -> dict:
        """Put the data set on the hub. The token leaves the page with the answer, whatever the answer is."""
        try:
            copy = RunCopy.of(self._open(owner, key))
            if copy.study != self.study:
                raise UserError("This run has no data set.", "a run of this page", "Choose one above.")
            files = maker(copy.study, DATASET)(copy)
            made_as = hub.push(files, str(name or ""), str(token or ""), private is not False, self.api)
        except UserError as error:
            return {self.token: "", self.pushed: error_markup(error)}
        return {self.token: "", self.pushed: pushed_markup(made_as)}

    def bring(self, owner: str, key: str | None, file: object) -> dict:
        """An uploaded run becomes the visitor's own and is shown; a refused one changes nothing."""
        owner = owner if is_owner(owner) else new_owner()
        try:
            copy = unpack(read(file))
            self._check_page(copy)
            key = self._twin(owner, copy)
            known = key is not None
            if key is None:
                preset = copy.document("config.json")["preset"]
                check_room(self.shelf.root / owner, self.shelf.host)
                key, folder = self.shelf.place(owner, preset if preset in list_presets(self.shelf.presets) else None)
                restore(copy, folder)
        except UserError as error:
            return {self.file: None, self.brought: error_markup(error)}
        run = self.shelf.open(owner, key)
        said = brought_markup(self.shelf.title(run), copy.document("status.json")["state"], known)
        return {self.owner: owner, self.file: None, self.brought: said, **self.view.show(owner, key)}

    # -- how ----------------------------------------------------------------------------------------------------
    def _open(self, owner: str, key: str | None) -> RunDir:
        run = self.shelf.open(owner, key)
        if run is None:
            raise UserError(GONE, "a run that is on screen", "Choose one above.")
        return run

    def _check_page(self, copy: RunCopy) -> None:
        """UserError for a run that this page would not show."""
        if self.study and copy.study != self.study:
            found = f"This is a run of {copy.study.title}."
            raise UserError(found, f"a run of {self.study.title}", f"Bring it on the page {copy.study.title}.")

    def _twin(self, owner: str, copy: RunCopy) -> str | None:
        """The key of the visitor's own run that is this very one already."""
        began = copy.document("status.json")["started_at"]
        for run in self.shelf.own(owner):
            with contextlib.suppress(UserError):
                if run.status().get("started_at") == began and RunCopy.of(run).files == copy.files:
                    return f"{OWN}/{run.path.name}"
        return None


def described(name: str | None) -> Study | None:
    """The study of this name; None where there is none, or it cannot be loaded."""
    with contextlib.suppress(UserError):
        return find(name)
    return None


def offered(study: Study | None) -> tuple[str, ...]:
    """The buttons of a study's runs. A report comes after the run itself."""
    run, *others = kinds_of(study)
    return (run, *([REPORT] if drawer(study) else ()), *others)


def drawer(study: Study | None) -> Callable[[RunDir, str], tuple[str, bytes]] | None:
    """What draws a report of this study's runs, `report(run, title)`; None where its screen has no report.py."""
    place = f"components.studies.{study.name}" if study else ""
    if not study or importlib.util.find_spec(place) is None or importlib.util.find_spec(f"{place}.report") is None:
        return None
    return importlib.import_module(f"{place}.report").report


def read(file: object) -> bytes:
    """The bytes of an uploaded file, which is removed. UserError where none arrived or it is too large."""
    path = Path(file) if isinstance(file, str) else None
    if path is None or not path.is_file():
        raise UserError("No file arrived.", "one file", "Choose it again.")
    with path.open("rb") as opened:
        content = opened.read(MOST_PACKED + 1)
    path.unlink(missing_ok=True)
    return content
