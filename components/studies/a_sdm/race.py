"""The race: one prompt, the same noise, full and fast side by side as they denoise, as a widget.

A constant template, race_film.js and race.js beside this file. A recorded race plays at once; another one is drawn by
the desk, a process of its own. Knows races.jsonl, settings.jsonl and what the desk answers; no model.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import gradio as gr

from backend.errors import UserError
from backend.pocket.pictures.completion import complete
from backend.runs.folder import RunDir
from backend.study import Study
from components.frame.scripts import script
from components.panels.thumbnails import address
from components.run.feed import Read
from components.studies.a_sdm import reading, words

SCRIPTS = (Path(__file__).with_name("race_film.js"), Path(__file__).with_suffix(".js"))
QUESTION, TIMEOUT_S = "a_sdm_race", 60.0
LONGEST_PROMPT, HIGHEST_SEED = 300, 2**31 - 1
LANE = """<figure data-lane="{lane}"><figcaption><b data-name>{title}</b>
      <output data-clock>0.00 s</output></figcaption>
      <img alt="" width="160" height="160" translate="no"><div class="ds-sdm-run" aria-hidden="true"><i></i></div>
      <div class="ds-sdm-strip" aria-hidden="true"></div><p data-read></p></figure>"""
TEMPLATE = f"""
<section class="ds-sdm ds-sdm-race" data-state="empty" data-frame="-1">
  <header><h2>Full against fast, from the same noise</h2></header>
  <p class="ds-quiet" data-wait>A race runs here when the full model has drawn its pictures.</p>
  <div data-shown hidden>
    <div class="ds-sdm-asking">
      <label class="ds-sdm-wide"><span>Prompt</span><input type="text" data-prompt maxlength="{LONGEST_PROMPT}"
        autocomplete="off" spellcheck="false" translate="no"></label>
      <label><span>Noise number</span><input type="number" data-noise min="0" max="{HIGHEST_SEED}" step="1"></label>
      <label class="ds-sdm-setting"><span>Fast</span><select data-setting></select></label>
      <button type="button" class="ds-button" data-race>Race</button></div>
    <div class="ds-sdm-words" role="group" aria-label="Words that may come next" translate="no"></div>
    <p class="ds-sdm-unknown" data-unknown role="status"></p>
    <div class="ds-sdm-picks ds-sdm-recorded" hidden><label>Recorded races<select data-recorded></select></label></div>
    <p class="ds-quiet" data-busy role="status"></p>
    <div data-error></div>
    <div data-film hidden>
      <div class="ds-sdm-lanes">{LANE.format(lane="full", title="Full")}{LANE.format(lane="fast", title="Fast")}
        <figure class="ds-sdm-apart"><figcaption><b>Difference</b> <output data-gain></output></figcaption>
          <canvas width="32" height="32" role="img" aria-label="Where both pictures differ"></canvas>
          <label><span class="ds-hidden">Amplify the difference</span><input type="range" data-amplify min="1" max="32"
            step="1" value="8"></label></figure></div>
      <div class="ds-sdm-play"><button type="button" data-play>Play again</button>
        <label class="ds-sdm-scrub"><span>Step</span><input type="range" data-step min="0" step="1"><output></output>
        </label>
        <div class="ds-switch" role="group" aria-label="How fast the film runs"><button type="button" data-pace="slow"
          aria-pressed="true">Slowed</button><button type="button" data-pace="real" aria-pressed="false">Real time
          </button></div></div>
      <p class="ds-sdm-finish" data-finish role="status"></p>
      <p class="ds-quiet" data-how data-terms></p>
    </div>
  </div>
</section>
"""


def race_view() -> gr.HTML:
    """The widget. It fires `race`, `see_race` and `complete_prompt` with `run` and a `number`, and `resync`."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=script(*SCRIPTS),
        elem_id="race",
        elem_classes="ds-card",
        apply_default_css=False,
    )


def race_reader(study: Study) -> Read:
    """What the widget is told of new rows: what can be raced, the recorded races, and the first of them."""

    def news(run: RunDir, rows: Mapping[str, list[dict]], fresh: bool) -> dict:
        raced_so_far = run.rows("races")
        found, base = lanes(raced_so_far), first_seed(raced_so_far)
        settings = reading.settings(run.rows("settings"))
        titles = {one["id"]: one["title"] for one in settings}
        recorded = [
            {
                "prompt": prompt,
                "noise": seed - base,
                "who": who,
                "text": mine[who]["text"],
                "title": titles.get(who, who),
                "right": bool(mine[who]["right"]),
            }
            for (prompt, seed), mine in found.items()
            for who in mine
            if who != words.FULL
        ]
        recorded.sort(key=lambda one: not one["right"])  # what goes well first, then what the fast one loses
        heavy = recorded and (fresh or rows["races"])  # its pictures, which need not come again with every setting
        first = together(found, base, *(recorded[0][key] for key in ("prompt", "noise", "who"))) if heavy else None
        fast = [[one["id"], one["title"], words.family_title(one["family"])] for one in settings if raced(one)]
        texts = list(dict.fromkeys(row["text"] for row in run.rows("looks") if reading.is_name(row.get("text"))))
        told = {"recorded": recorded, "first": first, "settings": fast, "texts": texts[:100]}
        return told | {"words": reading.prompt_words(run.summary()), "bundled": is_bundled(run)}

    return Read("race", ("races", "settings"), news)


def is_bundled(run: RunDir) -> bool:
    """Whether the full model draws the simplest scenes, whose prompts have a grammar."""
    return run.config()["config"].get("teacher") == ""


def raced(setting: Mapping) -> bool:
    return setting["id"] != words.FULL


# -- lanes ------------------------------------------------------------------------------------------------------------
def lanes(rows: Iterable[Mapping]) -> dict[tuple[int, int], dict[str, dict]]:
    """`(prompt, seed)` -> who -> lane, of the races that have a full one and a fast one."""
    found: dict[tuple[int, int], dict[str, list[Mapping]]] = {}
    for row in rows:
        named = all(type(row.get(key)) is int for key in ("prompt", "seed", "step")) and reading.is_name(row.get("who"))
        if named and reading.is_name(row.get("text")):
            found.setdefault((row["prompt"], row["seed"]), {}).setdefault(row["who"], []).append(row)
    made = {key: {who: lane(mine) for who, mine in both.items()} for key, both in found.items()}
    made = {key: {who: one for who, one in both.items() if one} for key, both in made.items()}
    return {key: both for key, both in made.items() if words.FULL in both and len(both) > 1}


def lane(rows: Iterable[Mapping]) -> dict | None:
    """One runner of its rows, each step once and as it was last."""
    steps = {row["step"]: row for row in rows}
    order = [steps[step] for step in sorted(steps)][: reading.MOST_STEPS]
    told = {key: [row.get(key) for row in order] for key in ("seconds", "png", "clean")}
    last = order[-1]
    made = lane_of({"seconds": told["seconds"], "noisy": told["png"], "clean": told["clean"], "read": last.get("read"),
                    "right": last.get("right")})  # fmt: skip
    return made and made | {"text": last["text"], "psnr": reading.number(last.get("psnr"))}


def lane_of(found: object) -> dict | None:
    """`{seconds, noisy, clean, read, right}` as the browser plays it; None where a step or a picture is missing."""
    if not isinstance(found, Mapping):
        return None
    seconds, noisy, clean = (found.get(key) if isinstance(found.get(key), list) else [] for key in
                             ("seconds", "noisy", "clean"))  # fmt: skip
    pictures = [[address(one) for one in mine[: reading.MOST_STEPS]] for mine in (noisy, clean)]
    whole = seconds and len(seconds) == len(noisy) == len(clean) <= reading.MOST_STEPS
    if not whole or not all(map(reading.is_number, seconds)) or not all(map(all, pictures)):
        return None
    told = {"seconds": [round(one, 4) for one in seconds], "noisy": pictures[0], "clean": pictures[1]}
    read, right = found.get("read"), found.get("right")
    return told | {"read": read if reading.is_name(read) else "", "right": right if isinstance(right, bool) else None}


def first_seed(rows: Iterable[Mapping]) -> int:
    """The seed that the noises of a run are numbered from: people meet 0, 1, 2, the files keep seeds. 0 where there is
    no race."""
    known = (row for row in rows if all(type(row.get(key)) is int for key in ("prompt", "seed")))
    return max(0, min((row["seed"] - row["prompt"] for row in known), default=0))


def together(found: Mapping, base: int, prompt: object, noise: object, who: object) -> dict | None:
    """A recorded race as the browser plays it."""
    both = found.get((prompt, base + noise)) if type(prompt) is int and type(noise) is int else None
    if both is None or not isinstance(who, str) or who not in both or who == words.FULL:
        return None
    about = {"text": both[who]["text"], "noise": noise, "who": who, "psnr": both[who]["psnr"], "unknown": []}
    return about | {"recorded": True, "lanes": [both[words.FULL], both[who]]}


# -- questions --------------------------------------------------------------------------------------------------------
def recorded_race(_desk: object, run: RunDir, said: Mapping) -> dict:
    """A race of the run folder. Raises UserError where there is none."""
    rows = run.rows("races")
    found = together(lanes(rows), first_seed(rows), said["prompt"], said["noise"], said["who"])
    if found is None:
        raise UserError("This race is not in the run.", "one of the recorded races", "Choose one of them.")
    return found


def own_race(desk: object, run: RunDir, said: Mapping) -> dict:
    """A race that the desk runs now. Raises UserError for what cannot be drawn."""
    text, seed = prompt_of(said["text"]), seed_of(said["noise"], first_seed(run.rows("races")))
    asked = {"setting": None, "plan": reading.plan_of(said["plan"])}
    if asked["plan"] is None:
        asked["setting"] = setting_of(run, said["setting"])
    found = desk.request(QUESTION, timeout_s=TIMEOUT_S, run=str(run.path), text=text, seed=seed, **asked)
    ran = found.get("lanes") if isinstance(found.get("lanes"), list) else []
    both = [lane_of(one) for one in ran]
    if len(both) != 2 or None in both:
        raise UserError("The race gave no pictures.", "two films", "Ask again.")
    unknown = reading.names(found.get("unknown"))
    about = {"text": text, "noise": said["noise"], "who": asked["setting"], "psnr": reading.number(found.get("psnr"))}
    return about | {"unknown": unknown, "recorded": False, "lanes": both}


def completion(_desk: object, run: RunDir, said: Mapping) -> dict:
    """Which words may come next in a prompt, and which nobody taught; nothing of other models than the bundled one."""
    text = said["text"] if isinstance(said["text"], str) else ""
    if not is_bundled(run) or len(text) > LONGEST_PROMPT:
        return {"text": text[:LONGEST_PROMPT], "follows": [], "unknown": []}
    found = complete(text)
    return {"text": text, "follows": list(found.follows), "unknown": list(found.unknown)}


def prompt_of(text: object) -> str:
    said = " ".join(text.split()) if isinstance(text, str) else ""
    if not said:
        raise UserError("There is no prompt.", "some words", "Say what is to be drawn.")
    if len(said) > LONGEST_PROMPT:
        raise UserError("The prompt is too long.", f"at most {LONGEST_PROMPT} letters", "Shorten it.")
    return said


def seed_of(noise: object, base: int) -> int:
    """The seed of a noise by its number."""
    if type(noise) is int and 0 <= noise <= HIGHEST_SEED - base:
        return base + noise
    expected = f"a whole number, 0 to {max(0, HIGHEST_SEED - base):,}"
    raise UserError("This is no number of a noise.", expected, "Type another.")


def setting_of(run: RunDir, name: object) -> str:
    if any(one["id"] == name for one in reading.settings(run.rows("settings")) if raced(one)):
        return name
    raise UserError("This setting is not in the run.", "one of the list", "Choose another setting.")
