"""What the card "Take it with you" says: its template, and the sentences after something was done.

Plain text and markup; everything from a run or a visitor is escaped. Knows no widget.
"""

from html import escape

from backend.export.archive import MOST_PACKED
from backend.export.copy import RunCopy

OFFERS = (  # kind, name, what it is for
    ("run", "The whole run", "One file with everything in it. Bring it back here, or to another Distilloscope."),
    ("report", "A report", "A page that replays the run, offline and without this program."),
    ("dataset", "The data set", "For datasets.load_dataset, with a card that says how it was made."),
    ("jsonl", "The distilled text", "distilled.jsonl alone: one prompt and its answer a line."),
    ("csv", "The tables", "Losses, prompts, results and settings as CSV."),
)
OFFER = """<li data-offer="{kind}"><div><b id="take-{kind}">{name}</b><p>{what}</p>
  <p class="ds-took" role="status" hidden></p></div>
  <button type="button" data-kind="{kind}" aria-describedby="take-{kind}">Download</button></li>"""
TEMPLATE = (
    '<section class="ds-take"><h2>Take it with you</h2><p class="ds-quiet">Files of the run on screen, made when you '
    f"ask for them.</p><ul>{''.join(OFFER.format(kind=k, name=n, what=w) for k, n, w in OFFERS)}</ul></section>"
)
PUBLISH = (
    '<p class="ds-quiet">Makes a new data set under your own name, with the card that the download has. '
    "Its licence stays open: choose one there.</p>"
)
BRING = (
    '<section class="ds-bring"><h2>Bring a run back</h2><p class="ds-quiet">A file ending in '
    f'<code translate="no">.distilloscope.zip</code>, at most {MOST_PACKED // 2**20} MB. It becomes a run of your own; '
    "one that was stopped can be resumed.</p></section>"
)
GONE = "There is no run on screen."


def brought_markup(title: str, copy: RunCopy, known: bool) -> str:
    """A run is back, or was there all the time."""
    updates = sum(row["stage"] == "distil" for row in copy.rows("metrics"))
    state = copy.document("status.json")["state"]
    said = "is here already, and on screen now" if known else "is back, and on screen now"
    return (
        f'<p class="ds-brought" role="status"><b translate="no">{escape(title)}</b> {said}: {updates:,} '
        f"update{'' if updates == 1 else 's'}, {state}.</p>"
    )


def pushed_markup(name: str) -> str:
    """Where the data set is. A link, not a request: it is followed only when it is clicked."""
    return (
        f'<p class="ds-brought" role="status">Published as <a translate="no" rel="noopener noreferrer" target="_blank" '
        f'href="https://huggingface.co/datasets/{escape(name)}">{escape(name)}</a>. The token is forgotten.</p>'
    )
