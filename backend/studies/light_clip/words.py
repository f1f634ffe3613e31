"""Words of the study: what a run is, in one sentence, and what its lines are called. Plain values in, plain text out.

Knows the study's settings; no file and no screen.
"""

TITLES = {
    "base": "CLIP's loss",
    "softened": "+ softened labels",
    "softened_uniform": "+ softened labels, evenly",
    "tokens": "+ token matching",
    "one_to_one": "+ token matching, one to one",
    "row_max": "+ token matching, row maximum",
    "sinkhorn": "+ token matching, Sinkhorn",
    "masked_words": "+ masked words",
    "all": "All three parts",
}
ABOUT = {
    "base": "each picture finds its caption and each caption its picture",
    "softened": "a label gives a little to the captions that are most similar",
    "softened_uniform": "a label gives a little to all other captions alike",
    "tokens": "words are matched with patches; a patch serves some words",
    "one_to_one": "a patch serves one word",
    "row_max": "every word takes its most similar patch",
    "sinkhorn": "every word is spread over patches",
    "masked_words": "hidden words are guessed with the picture's help",
    "all": "softened labels, token matching and masked words",
}
WORLDS = {"pocket": "drawn scenes", "emoji": "emoji drawings", "own": "pictures of your own"}
OUR_READING = (
    "LightCLIP's code is not public and its text could not be read: the formulas are our reading of its abstract."
)


def title(config: dict) -> str:
    """A run's name: a preset's would be wrong as soon as a setting is changed."""
    return f"{WORLDS[config['world']].capitalize()}, {count(len(config['arms']), 'arm')}"


def about(config: dict) -> str:
    """The run in one sentence."""
    layers = count(config["text_layers"], "text layer")
    return (
        f"Students with {layers} learn {WORLDS[config['world']]} in {count(len(config['arms']), 'way')}, "
        f"{times(config['seeds'])} each and without a teacher."
    )


def student_line(values: dict) -> str:
    """The name of a training's line. Of the grid its step size tells; people count students from 1."""
    if values.get("phase") == "grid":
        return f"step size {values['lr']:g}"
    seed = values.get("seed")
    return f"student {seed + 1}" if isinstance(seed, int) else "student"


def arm_title(name: str) -> str:
    """An arm's name as people read it."""
    return TITLES.get(name, name.replace("_", " "))


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
