"""The panels that only LightCLIP shows: words and patches, softened labels, hidden words, ablation, curves, results.

Joins each widget with what the view tells it, and small questions with the desk. Every event names a run, which the
shelf checks; a picture is one of the run's own.
"""

from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.limits.rate import Rate
from backend.runs.folder import LIVE_STATES, RunDir
from components.frame.events import sent
from components.frame.failure import error_markup
from components.frame.scripts import script
from components.panels.thumbnails import thumbnails
from components.run import results_panel
from components.run.feed import Read
from components.run.panel import Look, Panel
from components.studies.light_clip import labels, matches, reading, words
from components.studies.light_clip.ablation import ablation_markup
from components.studies.light_clip.curves import curves_markup
from components.studies.light_clip.headline import gain_markup, headline_markup
from components.studies.light_clip.labels import labels_view
from components.studies.light_clip.masked import answer_markup, masked_markup, waiting_markup
from components.studies.light_clip.matches import matches_view

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
HERE = Path(__file__).parent
TIMEOUT_S, LONGEST = 120.0, 200  # of a question, and the characters of a caption of one's own
TEXT = UserError("There is no caption.", f"1 to {LONGEST} characters", "Type a caption and ask again.")
GONE = UserError("This picture is not in the run.", "a picture that is on screen", "Choose one of the pictures.")


def html(name: str, *files: Path) -> gr.HTML:
    """An empty card whose value is markup."""
    scripted = {"js_on_load": script(*files)} if files else {}
    return gr.HTML("", elem_id=name, elem_classes="ds-card", apply_default_css=False, **scripted)


def is_new(name: str) -> Read:
    """Only whether a file has something new."""
    return Read(name, (name,), lambda run, rows, fresh: {})


def is_over(look: Look) -> bool:
    return look.status["state"] not in LIVE_STATES


class Asking:
    """What asks the desk for a panel: a caption of the visitor's, on a picture of the run on screen."""

    def __init__(self, view, kind: str):
        self.view, self.kind = view, kind
        waited = view.shelf.host.waited
        self.rate = Rate(waited.a_minute if waited else None)

    def ask(self, owner: object, run: RunDir, picture: object, text: object) -> tuple[dict, dict]:
        """What the desk says, and the picture's thumbnail. Raises UserError."""
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
            raise TEXT
        shown = next((one for one in thumbnails(run.rows("pictures")) if one["id"] == picture), None)
        if shown is None or not reading.is_whole(picture):
            raise GONE
        self.rate.admit(owner if isinstance(owner, str) else "")
        asked = {"run": str(run.path), "picture": picture, "text": text.strip()}
        return self.view.desk.request(self.kind, timeout_s=TIMEOUT_S, **asked), shown


class Matches(Panel):
    """Arcs from the words of a caption to the patches of its picture, base beside another arm."""

    name, reads = "matches", (is_new("matches"), is_new("pictures"))

    def __init__(self, view):
        super().__init__(view)
        self.matches, self.asking = matches_view(), Asking(view, "light_match")

    @property
    def parts(self) -> list:
        return [self.matches]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended or look.news["matches"] or look.news["pictures"]):
            return {}
        return {self.matches: {"run": look.key, **matches.news(look.run, self.view.study)}}

    def headline(self, look: Look) -> dict:
        """What the parts do, once the run is over."""
        if look.status["state"] != "finished":
            return {}
        said = headline_markup(reading.figures(look.run.summary()))
        return {"before": said} if said else {}

    def nothing(self) -> dict:
        return {self.matches: {}}

    def see_matches(self, owner: str, event: gr.EventData) -> dict:
        """The matches of one picture of a run that this visitor may see."""
        found = self.view.opened(owner, event)
        return matches.sight(*found, sent(event, "picture"), sent(event, "arm")) if found else {}

    def match_own(self, owner: str, event: gr.EventData) -> dict:
        """The matches of a caption of the visitor's. What is wrong with it is said, and nothing is lost."""
        found, picture, number = self.view.opened(owner, event), sent(event, "picture"), sent(event, "number")
        if found is None:
            return gr.skip()
        run, key = found
        about = {"run": key, "picture": picture, "number": number if reading.is_whole(number) else None}
        try:
            told, _ = self.asking.ask(owner, run, picture, sent(event, "text"))
            return matches.answered(told, key, picture) | about
        except UserError as error:
            return {**about, "error": self.view.shelf.veiled(key, error_markup(error))}

    def bind(self, page) -> None:
        self.matches.see(self.see_matches, page.owner, self.matches, **QUIET)
        self.matches.match(self.match_own, page.owner, self.matches, **QUIET)


class Labels(Panel):
    """One row of the label matrix over training."""

    name, reads = "labels", (is_new("labels"),)

    def __init__(self, view):
        super().__init__(view)
        self.labels = labels_view()

    @property
    def parts(self) -> list:
        return [self.labels]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended or look.news["labels"] or look.news["pictures"]):
            return {}
        return {self.labels: {"run": look.key, **labels.news(look.run, self.view.study)}}

    def nothing(self) -> dict:
        return {self.labels: {}}

    def see_label(self, owner: str, event: gr.EventData) -> dict:
        """The label of one picture of a run that this visitor may see."""
        found = self.view.opened(owner, event)
        return labels.sight(*found, sent(event, "picture"), sent(event, "arm")) if found else {}

    def bind(self, page) -> None:
        self.labels.see(self.see_label, page.owner, self.labels, **QUIET)


class Masked(Panel):
    """The words that a model puts into a gap, with the picture and without it."""

    name, reads = "masked", (is_new("masked"),)

    def __init__(self, view):
        super().__init__(view)
        self.cards = html("masked", HERE / "masked.js")
        self.answer = html("masked-answer")
        self.asking = Asking(view, "light_word")

    @property
    def parts(self) -> list:
        return [self.cards, self.answer]

    def look(self, look: Look) -> dict:
        told = {self.answer: ""} if look.another else {}
        if not (look.another or look.ended or look.news["masked"]):
            return told
        rows = reading.shown(look.run, "masked")
        pictures = {one["id"]: one for one in thumbnails(look.run.rows("pictures"))}
        arms = words.arms(self.view.study, {row["arm"] for row in rows})
        said = gain_markup(reading.figures(look.run.summary()))
        return told | {self.cards: masked_markup(look.key, rows, pictures, arms, said, is_over(look))}

    def nothing(self) -> dict:
        return {self.cards: "", self.answer: ""}

    def guess_own(self, owner: str, event: gr.EventData) -> Iterator[str]:
        """That it is being asked, then the guesses for a caption of the visitor's, or what is wrong with it."""
        found = self.view.opened(owner, event)
        if found is None:
            yield ""
            return
        run, key = found
        yield waiting_markup()
        try:
            told, shown = self.asking.ask(owner, run, sent(event, "picture"), sent(event, "text"))
            yield answer_markup(told, shown)
        except UserError as error:
            yield self.view.shelf.veiled(key, error_markup(error))

    def bind(self, page) -> None:
        self.cards.guess(self.guess_own, page.owner, self.answer, **QUIET)


class Ablation(Panel):
    """Every figure of every arm beside base; a run that ended writes its summary last."""

    name, result = "ablation", True

    def __init__(self, view):
        super().__init__(view)
        self.table = html("ablation", HERE / "ablation.js")

    @property
    def parts(self) -> list:
        return [self.table]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended):
            return {}
        summary = look.run.summary()
        found = reading.figures(summary)
        arms = words.arms(self.view.study, {arm for arm, _ in found})
        return {self.table: ablation_markup(arms, found, summary, is_over(look))}

    def nothing(self) -> dict:
        return {self.table: ""}


class Curves(Panel):
    """The depth of the text tower, and softened labels against false negatives."""

    name, reads = "curves", (Read("curves", ("depth", "noise"), lambda run, rows, fresh: {}),)

    def __init__(self, view):
        super().__init__(view)
        self.curves = html("curves")

    @property
    def parts(self) -> list:
        return [self.curves]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended or look.news["curves"]):
            return {}
        depth, noise = look.run.rows("depth"), look.run.rows("noise")
        arms = words.arms(self.view.study, {row["arm"] for row in noise if reading.is_part(row.get("arm"))})
        return {self.curves: curves_markup(depth, noise, arms, is_over(look))}

    def nothing(self) -> dict:
        return {self.curves: ""}


class Results(results_panel.Results):
    """Bars of every figure; closed, for the ablation says more."""

    closed, asks = True, "What does each arm get right?"
