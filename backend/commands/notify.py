"""`run --notify URL`: a small JSON to a webhook when a run has ended, whichever way.

Says what the run is called, how it ended and its main result; never a setting, a path or the address, which may be a
secret itself. A message that does not arrive is told of and changes nothing. Knows httpx; not what was computed.
"""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from backend.errors import UserError
from backend.limits.hosts import Host
from backend.runs.folder import RunDir
from backend.study import Study

TIMEOUT_S = 10.0
MOST_ARMS = 6


def check(url: str, host: Host) -> None:
    """Raise UserError for an address that cannot be posted to, or on a host that posts for nobody."""
    if host.public:
        raise UserError("--notify was given on a shared host.", "a machine of your own", "Leave --notify out.")
    try:
        scheme, server = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        scheme, server = "", None
    if scheme not in ("http", "https") or not server:
        found = "--notify was given no web address."  # not repeated: it may hold a secret
        raise UserError(found, "a whole address that begins with https:// or http://", "Correct it.")


def notify(url: str, run: RunDir, study: Study, took_s: float, say: Callable[[str], None]) -> None:
    """Post what became of the run. Never raises for what the other side or the net does."""
    import httpx  # noqa: PLC0415 - a third of a second, which other commands need not wait for

    server = urlsplit(url).hostname
    try:
        answer = httpx.post(url, json=message(run, study, took_s), timeout=TIMEOUT_S)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        say(f"{server} did not take the notice: it answered {error.response.status_code}.")
    except (httpx.HTTPError, OSError) as error:
        say(f"{server} could not be told how the run ended ({type(error).__name__}).")


def message(run: RunDir, study: Study, took_s: float) -> dict[str, object]:
    """What is posted. `text` is the whole of it as a sentence, which chat programs show as it is."""
    state = run.status()["state"]
    told = {"run": run.path.resolve().name, "study": study.name, "state": state, "took_s": round(took_s, 1)}
    said = headline(study, run.rows("results")) if state == "finished" else ""
    return told | {"headline": said, "text": f"{told['run']} {state}. {said}".strip()}


def headline(study: Study, rows: Sequence[Mapping]) -> str:
    """The first metric of the first student on the first task, mean over seeds, arm by arm; empty before results."""
    if not rows:
        return ""
    first = {name: rows[0].get(name) for name in ("metric", "student", "task", "regime")}
    values: dict[str, list[float]] = {}
    for row in rows:
        if first.items() <= row.items():
            values.setdefault(row["arm"], []).append(row["value"])
    titles = {word.name: word.title for word in study.words.arms}
    means = (f"{titles.get(arm, arm)} {sum(v) / len(v):.3f}" for arm, v in list(values.items())[:MOST_ARMS])
    return f"{first['metric']} of {first['student']} on {first['task']}: {', '.join(means)}."
