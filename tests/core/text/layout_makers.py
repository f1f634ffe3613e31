"""Questions, options and turns that the rows of known layouts are made of, and the functions that make such rows."""

MILK, HOT = "Which animal gives milk?", "Which is hot?"
TWO = (("a cow", "a stone"), ("ice", "fire"))
LETTERS = ["A", "B"]
TEXTS = [list(options) for options in TWO]
BOTH = [(MILK, TWO[0], "a cow"), (HOT, TWO[1], "fire")]


def labelled(name: str = "question", **more) -> list[dict]:
    return [
        {
            "id": f"q{i}",
            name: question,
            "choices": {"text": TEXTS[i], "label": LETTERS},
            "answerKey": LETTERS[i],
            **more,
        }
        for i, question in enumerate((MILK, HOT))
    ]


def original(stem: dict | None = None, **more) -> list[dict]:
    return [
        {
            "id": f"q{i}",
            "question": {
                "stem": question,
                "choices": [{"text": text, "label": label} for text, label in zip(TEXTS[i], LETTERS, strict=True)],
                **(stem or {}),
            },
            "answerKey": LETTERS[i],
            **more,
        }
        for i, question in enumerate((MILK, HOT))
    ]


def flat(*names: str, answers: tuple = ("A", "B"), **more) -> list[dict]:
    return [
        {"question": question, **dict(zip(names, TEXTS[i], strict=True)), "answer": answers[i], **more}
        for i, question in enumerate((MILK, HOT))
    ]


def listed(name: str, answers: tuple, **more) -> list[dict]:
    return [{"question": q, name: TEXTS[i], "answer": answers[i], **more} for i, q in enumerate((MILK, HOT))]


def talk(role: str, text: str, *turns: tuple[str, str]) -> list[dict]:
    return [{role: who, text: said} for who, said in turns]


ASKED, SAID = ("user", "Name an animal."), ("assistant", "A cow.")
CHAT = [("Name an animal.", ("A cow.",), "A cow.")]
PASSAGE = "Cows give milk, stones do not."
WITH_PASSAGE = [(f"{PASSAGE}\n\n{question}", options, answer) for question, options, answer in BOTH]
FREE = [("Name an animal.", ("A cow.",), "A cow."), ("Translate.\n\nthe cow", ("die Kuh",), "die Kuh")]
MC1 = [{"question": q, "mc1_targets": {"choices": TEXTS[i], "labels": [1 - i, i]}} for i, q in enumerate((MILK, HOT))]
RIGHT = ("a cow", "a stone", "iron", "rain")
SCIQ = {"question": MILK, "correct_answer": "a cow", **{f"distractor{i}": RIGHT[i] for i in (1, 2, 3)}}
GPQA = {"Question": MILK, "Correct Answer": "a cow", **{f"Incorrect Answer {i}": RIGHT[i] for i in (1, 2, 3)}}
FOUR = {"opa": "a cow", "opb": "a stone", "opc": "iron", "opd": "rain"}
