"""What the card "Take it with you" says: a button for every kind, and the sentences after something was done.

Plain text and markup; everything from a run or a visitor is escaped. Knows no widget.
"""

from collections.abc import Sequence
from html import escape

from backend.export.archive import MOST_PACKED
from backend.export.layouts import KINDS
from backend.study import Study

OFFERS = (  # kind, name, what it is for: what the house itself offers; a study says of its own in `words.exports`
    ("run", "The whole run", "One file with everything in it. Load it here again, or in another Distilloscope."),
    ("report", "A report", "A page that replays the run, offline and without this program."),
    ("csv", "The tables", "Losses, results and settings as CSV."),
)
OFFER = """<li data-offer="{kind}"><div><b id="take-{kind}">{name}</b><p>{what}</p>
  <p class="ds-took" role="status" hidden></p></div>
  <button type="button" data-kind="{kind}" aria-describedby="take-{kind}">Download</button></li>"""
CHOICE = """<li data-offer="examples"><div><b id="take-examples">The examples</b>
  <p>Prompts and answers alone, in the layout that a trainer reads.</p>
  <select aria-label="Layout">{options}</select><p class="ds-took" role="status" hidden></p></div>
  <button type="button" data-kind="{first}" aria-describedby="take-examples">Download</button></li>"""
KEEP = """<li data-offer="keep"><div><b id="take-keep">Learn from it here</b>
  <p>Puts a data set of this run among your files, which the other pages offer to learn from.</p>
  <select aria-label="Data set" data-sets hidden></select><p class="ds-took" role="status" hidden></p></div>
  <button type="button" data-kind="keep" aria-describedby="take-keep">Keep</button></li>"""
OPTION = '<option value="{kind}">{title}</option>'
CARD = (
    '<section class="ds-take"><h2>Take it with you</h2><p class="ds-quiet">Files of the run on screen, made when you '
    "ask for them.</p><ul>{offers}</ul></section>"
)
PUBLISH = (
    '<p class="ds-quiet">Creates a new data set in your account, with the same card as the download. '
    "No licence is set: choose one there.</p>"
)
BRING = (
    '<section class="ds-bring"><h2>Load a run file</h2><p class="ds-quiet">A file ending in '
    f'<code translate="no">.distilloscope.zip</code>, at most {MOST_PACKED // 2**20} MB. It becomes a run of your own; '
    "one that was stopped can be resumed.</p></section>"
)
GONE = "There is no run on screen."


def template(kinds: Sequence[str], study: Study | None) -> str:
    """The card with a button for each kind, called as the house or its study calls it; one for all layouts."""
    called = {kind: (name, what) for kind, name, what in OFFERS}
    called |= {word.name: (word.title, word.about) for word in (study.words.exports if study else ())}
    layouts = [kind for kind in kinds if kind in KINDS]
    offers = [choice(layouts) if kind in layouts else offer(kind, called) for kind in kinds if kind not in layouts[1:]]
    keep = KEEP if study and study.examples else ""
    return CARD.format(offers="".join([*offers, keep]))


def offer(kind: str, called: dict[str, tuple[str, str]]) -> str:
    name, what = called.get(kind, (kind.replace("_", " ").capitalize(), ""))
    return OFFER.format(kind=kind, name=escape(name), what=escape(what))


def choice(layouts: Sequence[str]) -> str:
    """One row with a list of layouts; the browser puts the chosen one on the button."""
    options = (OPTION.format(kind=kind, title=escape(KINDS[kind].title)) for kind in layouts)
    return CHOICE.format(first=layouts[0], options="".join(options))


def brought_markup(title: str, state: str, known: bool) -> str:
    """A run is back, or was there all the time."""
    said = "is already here and now on screen" if known else "is loaded and now on screen"
    return f'<p class="ds-brought" role="status"><b translate="no">{escape(title)}</b> {said}: {escape(state)}.</p>'


def pushed_markup(name: str) -> str:
    """Where the data set is. A link, not a request: it is followed only when it is clicked."""
    return (
        f'<p class="ds-brought" role="status">Published as <a translate="no" rel="noopener noreferrer" target="_blank" '
        f'href="https://huggingface.co/datasets/{escape(name)}">{escape(name)}</a>. The token was not stored.</p>'
    )
