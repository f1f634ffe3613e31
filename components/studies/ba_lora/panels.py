"""The panels that only BA-LoRA shows: probes and the answers behind them, trade-off, spectrum, pairs, forms.

Joins each widget with what the view tells it. Every event names a run, which the shelf checks.
"""

from pathlib import Path

import gradio as gr

from backend.runs.folder import LIVE_STATES, RunDir
from components.frame.events import sent
from components.frame.scripts import script
from components.panels import paired
from components.run import results_panel
from components.run.feed import Read
from components.run.panel import Look, Panel
from components.studies.ba_lora import reading, words
from components.studies.ba_lora.exhibits import exhibits_markup
from components.studies.ba_lora.flipped import flips_markup, pairing
from components.studies.ba_lora.headline import headline_markup
from components.studies.ba_lora.pairs import pairs_markup
from components.studies.ba_lora.probe_table import table_markup
from components.studies.ba_lora.spectrum import spectrum_reader, spectrum_view
from components.studies.ba_lora.tradeoff import tradeoff_markup

QUIET = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
HERE = Path(__file__).parent
BEHIND = ("who", "probe", "metric")  # what a click on a figure names


def html(name: str, *files: Path) -> gr.HTML:
    """An empty card whose value is markup."""
    scripted = {"js_on_load": script(*files)} if files else {}
    return gr.HTML("", elem_id=name, elem_classes="ds-card", apply_default_css=False, **scripted)


def config_of(run: RunDir) -> dict:
    return run.config()["config"]


class Probes(Panel):
    """Every figure of every arm, and the answers behind the one that was clicked."""

    name = "probes"
    reads = (Read("probes", ("probes",), lambda run, rows, fresh: {}),)  # only whether there is something new

    def __init__(self, view):
        super().__init__(view)
        self.table = html("probes", HERE / "probe_table.js")
        self.behind = html("probe-answers", Path(paired.__file__).with_suffix(".js"))

    @property
    def parts(self) -> list:
        return [self.table, self.behind]

    def look(self, look: Look) -> dict:
        told = {self.behind: ""} if look.another else {}
        return told | ({self.table: self.markup(look)} if look.news["probes"] or look.another or look.ended else {})

    def markup(self, look: Look) -> str:
        live, summary = look.status["state"] in LIVE_STATES, look.run.summary()
        found, config = reading.cells(look.run), config_of(look.run)
        arms = words.arms(self.view.study, {who for who, _, _ in found}, config)
        return table_markup(look.key, arms, found, {} if live else summary, live)

    def headline(self, look: Look) -> dict:
        """What consistency kept, once the run is over."""
        if look.status["state"] != "finished":
            return {}
        found = reading.cells(look.run)
        arms = words.arms(self.view.study, {who for who, _, _ in found}, config_of(look.run))
        said = headline_markup(look.run.summary(), found, {arm.name: arm for arm in arms})
        return {"before": said} if said else {}

    def nothing(self) -> dict:
        return {self.table: "", self.behind: ""}

    def open(self, owner: str, event: gr.EventData) -> str:
        """The answers behind a figure of a run that this visitor may see; nothing for anything else."""
        found, (who, probe, metric) = self.view.opened(owner, event), (sent(event, name) for name in BEHIND)
        if found is None or not all(isinstance(part, str) for part in (who, probe, metric)):
            return ""
        run = found[0]
        other = words.BASE if who == words.REFERENCE else words.REFERENCE
        arms = {arm.name: arm for arm in words.arms(self.view.study, {who, other}, config_of(run))}
        return flips_markup(pairing(run, arms[who], arms[other], probe), words.measure(probe, metric))

    def close(self) -> str:
        return ""

    def bind(self, page) -> None:
        self.table.behind(self.open, page.owner, self.behind, **QUIET)
        self.behind.shut(self.close, None, self.behind, **AT_ONCE)


class Tradeoff(Panel):
    """Accuracy against the pair score, a dot a seed."""

    name, result = "tradeoff", True

    def __init__(self, view):
        super().__init__(view)
        self.picture = html("tradeoff", HERE / "tradeoff.js")

    @property
    def parts(self) -> list:
        return [self.picture]

    def look(self, look: Look) -> dict:
        if not (look.another or look.ended or look.news["probes"]):
            return {}
        rows = reading.probed(look.run)
        arms = words.arms(self.view.study, {row["who"] for row in rows}, config_of(look.run))
        return {self.picture: tradeoff_markup(rows, arms)}

    def nothing(self) -> dict:
        return {self.picture: ""}


class Spectrum(Panel):
    """Singular values of the logits of one batch."""

    name = "spectrum"

    def __init__(self, view):
        super().__init__(view)
        self.reads = (spectrum_reader(view.study),)
        self.spectrum = spectrum_view()

    @property
    def parts(self) -> list:
        return [self.spectrum]

    def look(self, look: Look) -> dict:
        return {self.spectrum: look.news["spectrum"]} if look.news["spectrum"] else {}

    def nothing(self) -> dict:
        return {self.spectrum: {}}

    def bind(self, page) -> None:
        self.spectrum.resync(self.view.show, [page.owner, self.view.picker], self.view.parts, **QUIET)


class Pairs(Panel):
    """Both sentences of each pair, for the base and one student."""

    name, closed = "pairs", True

    def __init__(self, view):
        super().__init__(view)
        self.pairs = html("pairs", Path(paired.__file__).with_suffix(".js"), HERE / "pairs.js")

    @property
    def parts(self) -> list:
        return [self.pairs]

    def look(self, look: Look) -> dict:
        """Written at first sight and at the end, so one that is read stays as it is."""
        return {self.pairs: self.markup(look.run, look.key)} if look.another or look.ended else {}

    def markup(self, run: RunDir, key: str, who: object = None, seed: object = None, probe: object = None) -> str:
        arms = words.arms(self.view.study, {row["who"] for row in reading.probed(run)}, config_of(run))
        return pairs_markup(run, key, arms, who, seed, probe)

    def nothing(self) -> dict:
        return {self.pairs: ""}

    def choose(self, owner: str, event: gr.EventData) -> str:
        """The pairs of another student of a run that this visitor may see."""
        found = self.view.opened(owner, event)
        seed = sent(event, "seed")
        seed = int(seed) if isinstance(seed, str) and seed.isascii() and seed.isdigit() and len(seed) < 4 else None
        return self.markup(*found, sent(event, "who"), seed, sent(event, "probe")) if found else ""

    def bind(self, page) -> None:
        self.pairs.pick(self.choose, page.owner, self.pairs, **QUIET)


class Exhibits(Panel):
    """The forms that were published and released, and what each of them computes."""

    name, closed = "exhibits", True

    def __init__(self, view):
        super().__init__(view)
        self.forms = html("exhibits")

    @property
    def parts(self) -> list:
        return [self.forms]

    def look(self, look: Look) -> dict:
        return {self.forms: exhibits_markup(look.run.rows("exhibits"))} if look.another or look.ended else {}

    def nothing(self) -> dict:
        return {self.forms: exhibits_markup([])}


class Results(results_panel.Results):
    """Bars of accuracy; closed, for the table of probes says more."""

    closed, asks = True, "Does it know more?"
