"""The public API: seven functions that a program may call over HTTP, with Gradio's client, or as tools of an assistant.

The page's own events are private; these names are all there is. Every value is a stranger's: it is checked here or by
the recipe, and what is wrong comes back as `{"error": {"found", "expected", "next_step"}}`, never as a trace. A run is
only opened through the shelves, with the owner id that `start` gave out. Documented in docs/api.md.
"""

import functools
import inspect
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from backend import settings
from backend.errors import UserError
from backend.export.places import is_local, placeless, texts
from backend.limits.hosts import Host
from backend.runners.contract import Runner
from backend.runs import recipe
from backend.runs.folder import RunDir
from backend.runs.recipe import Recipe
from backend.runs.results import ranking, summarise_results
from backend.settings import Setting
from backend.study import find
from components.run.shelf import Shelf, is_owner, new_owner
from components.run.starting import Wanted, start_once
from components.run.view import is_recorded, is_shared

NAMES = ("list_presets", "list_runs", "start", "status", "stop", "results", "export")
STATUS = ("state", "stage", "done", "total", "eta_s", "time", "message", "error", "stages", "started_at", "updated_at")
MCP = "/mcp"  # how the address of a call by an assistant ends


class Api:
    """Made inside a Blocks context. A shelf for each study, each with its `study` named."""

    def __init__(self, shelves: Sequence[Shelf], runner: Runner):
        self.shelves, self.runner = {shelf.study: shelf for shelf in shelves}, runner
        for name in NAMES:
            gr.api(published(getattr(self, name)), api_name=name, queue=False, concurrency_limit=None)

    # -- what there is ------------------------------------------------------------------------------------------
    def list_presets(self, study: str = "") -> dict:
        """List the studies with their presets, and every setting that a run's changes may name.

        Parameters:
            study: its name; empty for all.
        Returns:
            studies, each with presets (preset, title, about, settings) and settings (name, help, default, limits).
        """
        _known(study or next(iter(self.shelves)), self.shelves)
        return {
            "studies": [_described(name, shelf.host) for name, shelf in self.shelves.items() if study in ("", name)]
        }

    def list_runs(self, owner: str = "") -> dict:
        """List the recorded runs, and those of an owner, newest first.

        Parameters:
            owner: the owner id that start gave out; empty for the recorded runs alone.
        Returns:
            runs, each with run (its key), study, title and state.
        """
        _owner(owner)
        found = [(shelf, key, run) for shelf in self.shelves.values() for key, run in shelf.everything(owner)]
        found.sort(key=lambda one: (is_recorded(one[1]), -one[2].status().get("started_at", 0)))
        return {
            "runs": [
                {"run": key, "study": shelf.study, "title": shelf.title(run), "state": self._status(key, run)["state"]}
                for shelf, key, run in found
            ]
        }

    # -- a run --------------------------------------------------------------------------------------------------
    def start(
        self, study: str, preset: str = "", changes: dict | None = None, stages: str = "", owner: str = ""
    ) -> dict:
        """Start a run; sent twice, it starts once. Owners take turns to compute. The answer comes at once.

        Parameters:
            study: its name, see list_presets.
            preset: where the settings come from, see list_presets; empty for the defaults.
            changes: the settings that differ from the preset, as a mapping of name to value.
            stages: comma separated, for example experts,distil,decode; empty for all.
            owner: the owner id of an earlier start; empty for a new one.
        Returns:
            run, the key to ask with, and owner where a new one was made: whoever holds it may see and stop the run.
        """
        _known(study, self.shelves)
        _owner(owner)
        holder = owner or new_owner()
        wanted = self._with_data(recipe.checked(study, preset, changes, stages), holder)
        _without_places(wanted)
        asked = Wanted(study, wanted.preset, settings.as_json(wanted.config()), wanted.stages)
        key = start_once(self.shelves[study], self.runner, holder, asked)
        return {"run": key} if owner else {"run": key, "owner": holder}

    def status(self, run: str, owner: str = "") -> dict:
        """Tell where a run stands.

        Parameters:
            run: its key, such as own/20260101-120000-quick-1a2b or recorded/quick.
            owner: the owner id it was started with; not needed for a recorded run.
        Returns:
            state (queued, running, stopping, stopped, finished, failed, orphaned), stage, done of total, eta_s in
            seconds, ahead.
        """
        return self._status(run, self._open(run, owner))

    def stop(self, run: str, owner: str) -> dict:
        """Ask a run to stop. It ends after its current update and can be resumed on the page.

        Parameters:
            run: its key.
            owner: the owner id it was started with.
        Returns:
            the status, mostly stopping.
        """
        found = self._open(run, owner)
        if is_recorded(run):
            raise UserError("A recorded run does not compute.", "a run of your own", "Name one that you started.")
        self.runner.stop(found)
        return self._status(run, found)

    def results(self, run: str, owner: str = "") -> dict:
        """Tell how the students scored.

        Parameters:
            run: its key.
            owner: the owner id it was started with; not needed for a recorded run.
        Returns:
            table, a row for each student, regime, arm, task and metric with mean, interval (half of 95 %), n and seeds;
            ranking, DD-Ranking's improvement over random, what is short of all the data, and label-robust score;
            summary, the figures of the finished run.
        """
        found = self._open(run, owner)
        table, arms = summarise_results(found.rows("results")), find(found.config()["study"]).ranked
        return {"run": run, "table": table, "ranking": ranking(table, arms), "summary": found.summary()}

    def export(self, run: str, owner: str = "") -> dict:
        """Give the distilled data set of a run, and the settings that made it.

        Parameters:
            run: its key.
            owner: the owner id it was started with; not needed for a recorded run.
        Returns:
            study, preset, config, and distilled: rows with prompt, answer and provenance, empty until they are written.
        """
        found = self._open(run, owner)
        about = found.config()
        config = placeless(find(about["study"]).config, about["config"])
        return {"run": run, **about, "config": config, "distilled": found.rows("distilled")}

    # -- how ----------------------------------------------------------------------------------------------------
    def _open(self, key: object, owner: object) -> RunDir:
        """The run behind a key, from whichever shelf shows it to this owner. What is shared is for the page."""
        _owner(owner)
        found = (shelf.open(owner, key) for shelf in self.shelves.values() if not is_shared(key))
        run = next((run for run in found if run is not None), None)
        if run is None:
            said = f"There is no run {str(key)[:80]!r} for this owner."
            raise UserError(said, "a key from start or list_runs", "Send the owner id that start gave out.")
        return run

    def _status(self, key: str, run: RunDir) -> dict:
        found = run.status() if is_recorded(key) else self.runner.poll(run)
        return {"run": key, **{name: found.get(name) for name in STATUS}, "ahead": found.get("ahead", 0)}

    def _with_data(self, wanted: Recipe, owner: str) -> Recipe:
        """A request names data by a run's key, never by a path: put the run's folder in its place."""
        config, put = settings.as_json(wanted.config()), {}
        for item in settings.describe(find(wanted.study).config):
            if item.kind == settings.FILE and config[item.name]:
                put[item.name] = str(self._text_of(config[item.name], owner))
        return replace(wanted, changes={**wanted.changes, **put})

    def _text_of(self, key: str, owner: str) -> Path:
        """The folder of a run that wrote text."""
        run = self._open(key, owner)
        if not (run.path / "distilled.jsonl").is_file():
            raise UserError("That run wrote no text.", "a run that did", "Name one whose export holds rows.")
        return run.path


def published(function: Callable[..., dict]) -> Callable[..., dict | str]:
    """`function` with errors as an answer. Gradio reads name, types and words of the original.

    An assistant is sent text: JSON, where Gradio would write Python's spelling.
    """

    @functools.wraps(function)
    def answer(*values):
        *values, request = values
        try:
            found = function(*values)
        except UserError as error:
            found = {"error": error.as_dict()}
        except Exception:  # a defect of ours: the trace goes to the log
            logging.getLogger(__name__).exception("%s failed", function.__name__)
            found = {"error": DEFECT.as_dict()}
        by_mcp = request is not None and request.url.path.rstrip("/").endswith(MCP)
        return json.dumps(found, ensure_ascii=False, indent=1) if by_mcp else found

    hint, signature = gr.Request | None, inspect.signature(function)
    extra = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=hint)
    answer.__signature__ = signature.replace(parameters=[*signature.parameters.values(), extra])
    answer.__annotations__ = {**function.__annotations__, "request": hint}
    return answer


DEFECT = UserError("The server failed because of an internal error.", "an answer", "Try again; its log says more.")


def _known(study: object, shelves: dict) -> None:
    if not isinstance(study, str) or study not in shelves:
        raise UserError(f"There is no study {str(study)[:80]!r}.", f"one of {', '.join(shelves)}", "Name one of them.")


def _without_places(wanted: Recipe) -> None:
    """A request names models and data by name: a path would tell what lies on this server."""
    for item in settings.describe(find(wanted.study).config):
        if item.kind in (settings.PLACE, settings.MODEL, settings.TASK):  # a file was put there by _with_data
            if any(map(is_local, texts(wanted.changes.get(item.name)))):
                found = f"{item.name} names a place on this server."
                raise UserError(found, "a name of a model or data set", "Name one.")


def _owner(owner: object) -> None:
    """Empty, or one that `start` could have given out."""
    if owner != "" and not is_owner(owner):
        raise UserError("That is no owner id.", "32 letters and digits from start", "Leave it out to get a new one.")


def _described(study: str, host: Host) -> dict:
    described = find(study)
    names = settings.list_presets(described.presets)
    presets = [{"preset": name, **settings.load_preset(described.presets, name)} for name in names]
    every = settings.describe(described.config)
    facts = ("name", "help", "default", "low", "high", "choices")
    return {
        "study": study,
        "stages": list(described.stage_names),
        "presets": presets,
        "settings": [{fact: _plain(getattr(item, fact)) for fact in facts} | _here(host, item) for item in every],
    }


def _here(host: Host, item: Setting) -> dict:
    """What this host has to say of a setting, where it has."""
    return {"here": host.said(item)} if host.said(item) else {}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
