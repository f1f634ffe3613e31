"""A file of one's own on a form: uploaded, read, and named as the task and the file that a run then learns from.

The same file is parted for training, validation and the test by the engine. A path is always made here from a key that
belongs to the visitor, never typed. Knows the store of uploads and a config's settings `task` and `data_file`.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import gradio as gr

from backend.core.text.tasks import OWN_TASKS
from components.form.config_form import Unready
from components.run import upload_view
from components.run.shelf import is_owner, new_owner
from components.run.upload_store import OWN, UploadStore
from components.run.upload_view import NONE

FILE = "data_file"
# a distilled text has no options to choose a letter from, so such questions are answered with an option's text
ASKED_AS = {"own_letters": "own_options"}


class OwnFile:
    """`make` makes the widgets where the form wants them."""

    def __init__(self, store: UploadStore, prefix: str = ""):
        self.store, self.prefix = store, prefix

    def make(self) -> None:
        with gr.Column(elem_id=f"{self.prefix}own-file", elem_classes="ds-upload"):
            most, says = self.store.most_megabytes, "Upload your file"
            made = upload_view.uploader(OWN, "Your own file", self.prefix, most, True, says, seen=False)
            self.pick, self.button, self.told = made

    def choices(self, owner: str) -> list[tuple[str, str]]:
        return [("none", NONE), *self.store.choices(owner, OWN)]

    def offer(self, owner: str, picked: object = NONE) -> dict:
        """A fresh list for a visitor; what was picked stays where it still exists. Nothing changes for one without
        files: a list that comes late would take the first upload away again."""
        choices = self.choices(owner)
        if len(choices) == 1 and not picked:
            return gr.skip()
        kept = picked if picked in [key for _, key in choices] else NONE
        return gr.update(choices=choices, value=kept, visible=len(choices) > 1)

    def upload(self, owner: str, file: object, counted: object = "") -> tuple[str, str | None, str]:
        """Keep a file: the owner, the file's key, and what to say. A bad one changes nothing else."""
        owner = owner if is_owner(owner) else new_owner()
        key, said = upload_view.keep(self.store, owner, OWN, file, counted)
        return owner, key, said

    def describe(self, owner: str, key: object) -> str:
        """What a picked file holds."""
        return upload_view.told(self.store, owner, OWN, key)

    def task_of(self, owner: str, key: object) -> str | None:
        """The task that asks this file's questions; None where there is no such file."""
        task = self.store.facts(owner, key).get("task")
        return ASKED_AS.get(task, task)

    def path(self, values: Mapping, owner: str, key: object) -> dict[str, str]:
        """`data_file` of the config. Raises Unready where the task wants a file and none is picked."""
        if values.get("task") not in OWN_TASKS:
            return {FILE: ""}
        path = self.store.path(owner, key)
        if path is None and not values.get("data_dir"):
            raise Unready("No file is chosen.", "a file of your own", "Upload one above the settings.")
        return {FILE: str(path or "")}

    def found(self, config: Mapping) -> str:
        """The other way round, for a run's own config: what the picker would hold."""
        return Path(config.get(FILE) or "").name

    def spoken(self, config: object, owner: str, key: object) -> object:
        """The config as people read it: the file's own name, no path of this machine."""
        name = self.store.facts(owner, key).get("name", "")
        return replace(config, **{FILE: name}) if getattr(config, FILE) and name else config

    def asked(self, config: object, owner: str, key: object) -> object | None:
        """The config as a request may name it: none with data of a visitor's own."""
        return None if getattr(config, FILE) else config
