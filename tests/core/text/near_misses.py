"""Near-misses: files that are almost a known layout, each with what must become of it.

A text is a part of the refusal. A pair is what is read: the right answers as texts, and a part of a warning, which is
empty where the file is read as its author meant it and nothing is left out.
"""

from tests.core.text.layout_rows import ASKED, FOUR, HOT, MILK, RIGHT, SAID, SCIQ, TEXTS, flat, labelled, listed, talk

GOOD = ["a cow", "fire"]
ONE = {"question": MILK, "answer": "A"}
Q, C = "question", "choices"


def renamed(rows: list[dict], old: str, new: str) -> list[dict]:
    return [{new if name == old else name: value for name, value in row.items()} for row in rows]


def changed(rows: list[dict], **values) -> list[dict]:
    """The rows with the last one changed."""
    return [*rows[:-1], rows[-1] | values]


def without(rows: list[dict], name: str) -> list[dict]:
    """The rows with a column missing in the last."""
    return [*rows[:-1], {key: value for key, value in rows[-1].items() if key != name}]


MC = listed("choices", (0, 1))
MC_LETTERS = listed("choices", ("A", "B"))
FLAT = flat("A", "B")
FREE = [{"question": MILK, "answer": "a cow"}, {"question": HOT, "answer": "fire"}]
ALPACA = [{"instruction": MILK, "input": "", "output": "a cow"}, {"instruction": HOT, "input": "", "output": "fire"}]
PAIRS = [{"prompt": "2+2=", "completion": "4"}, {"prompt": "2+3=", "completion": "5"}]
CHATS = [{"messages": talk("role", "content", ASKED, SAID)}] * 2
SHARE = [{"conversations": talk("from", "value", ("human", "Hi"), ("gpt", "Ho"))}] * 2

NEAR_MISSES: dict[str, tuple[str, list, object]] = {
    # a column renamed
    "choices are options": ("a.jsonl", renamed(MC_LETTERS, C, "options"), (GOOD, "")),
    "choices are candidates": ("a.jsonl", renamed(MC, C, "candidates"), (GOOD, "")),
    "choices are variants": ("a.jsonl", renamed(MC, C, "variants"), (GOOD, "Read as the options: `variants`")),
    "choices are choice": ("a.jsonl", renamed(MC_LETTERS, C, "choice"), (GOOD, "Read as the options: `choice`")),
    "choices of ARC are options": (
        "a.jsonl",
        renamed(labelled(), C, "options"),
        (GOOD, "Read as the options: `options`"),
    ),
    "question is stem": ("a.jsonl", renamed(MC, Q, "stem"), "column `question`: the column is missing"),
    "question is Question": ("a.csv", renamed(FLAT, Q, "Question"), "Rename `Question` to `question`"),
    "answer is Answer": ("a.csv", renamed(FLAT, "answer", "Answer"), "Rename `Answer` to `answer`"),
    "answer is correct": ("a.csv", renamed(FLAT, "answer", "correct"), (GOOD, "")),
    "answer is gold": ("a.jsonl", renamed(MC, "answer", "gold"), "column `answer`: the column is missing"),
    "answerKey is answer": (
        "a.jsonl",
        renamed(labelled(), "answerKey", "answer"),
        (GOOD, "Read as the options: `choices`"),
    ),
    "instruction is instructions": (
        "a.json",
        renamed(ALPACA, "instruction", "instructions"),
        "Rename `instructions` to `instruction`",
    ),
    "output is outputs": ("a.json", renamed(ALPACA, "output", "outputs"), "Rename `outputs` to `output`"),
    "completion is completions": (
        "a.jsonl",
        renamed(PAIRS, "completion", "completions"),
        "Rename `completions` to `completion`",
    ),
    "messages is message": ("a.jsonl", renamed(CHATS, "messages", "message"), "Rename `message` to `messages`"),
    "conversations is conversation": ("a.jsonl", renamed(SHARE, "conversations", "conversation"), (["Ho", "Ho"], "")),
    "a distractor renamed": (
        "a.jsonl",
        renamed([SCIQ], "distractor3", "distractor_3"),
        "Rename `distractor_3` to `distractor3`",
    ),
    "an option column renamed": ("a.csv", renamed(flat("A", "B"), "B", "b"), "`A`, `b` may hold what they mean"),
    "a subject renamed": ("a.csv", [row | {"Subject": "farm"} for row in FLAT], "column `Subject`: an unknown name"),
    "an id renamed": ("a.csv", [row | {"ID": i} for i, row in enumerate(FLAT)], "column `ID`: an unknown name"),
    # a row of another kind
    "options in the second row": (
        "a.jsonl",
        [FREE[0], MC_LETTERS[1]],
        "row 2, column `choices`: this row reads as mmlu",
    ),
    "a free answer in the second row": (
        "a.jsonl",
        [MC_LETTERS[0], FREE[1]],
        "row 2, column `choices`: this row reads as question_answer",
    ),
    "alpaca under questions": (
        "a.jsonl",
        [FREE[0], ALPACA[1]],
        "row 2, column `instruction`: this row reads as alpaca",
    ),
    "a chat under alpaca": ("a.json", [ALPACA[0], CHATS[0]], "row 2, column `messages`: this row reads as messages"),
    "labelled options under plain": (
        "a.jsonl",
        [MC[0] | {"id": "a"}, labelled()[1]],
        "row 2, column `answerKey`: this row reads as arc",
    ),
    "an object under a list": (
        "a.jsonl",
        changed(MC, choices={"text": TEXTS[1]}),
        "row 2, column `choices`: an object",
    ),
    "plain text under ChatML": (
        "a.jsonl",
        [{"text": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHo<|im_end|>"}, {"text": "Ho"}],
        "row 2, column `text`: text outside of the turns",
    ),
    "a text under messages": ("a.jsonl", changed(CHATS, messages="Hi"), "row 2, column `messages`: text outside"),
    "an unknown row": ("a.jsonl", [FREE[0], {"x": 1}], "row 2, column `question`: the column is missing"),
    "a row without answer": ("a.jsonl", without(MC, "answer"), "row 2, column `answer`: the column is missing"),
    "a row without completion": (
        "a.jsonl",
        without(PAIRS, "completion"),
        "row 2, column `completion`: the column is missing",
    ),
    "a row with a null answer": ("a.jsonl", changed(MC, answer=None), "row 2, column `answer`: null"),
    "a row with a null chosen option": (
        "a.jsonl",
        changed(labelled(), answerKey=None),
        "row 2, column `answerKey`: null",
    ),
    "a row without subject": (
        "a.jsonl",
        [MC[0] | {"subject": "farm"}, MC[1]],
        "row 2, column `subject`: the column is missing",
    ),
    # numbers for letters and letters for numbers
    "numbers as texts": ("a.jsonl", listed("choices", ("0", "1")), (GOOD, "")),
    "small letters": ("a.jsonl", listed("choices", ("a", "b")), (GOOD, "")),
    "counted from 1, decided": ("a.jsonl", listed("choices", (1, 2)), (GOOD, "count the options from 1")),
    "counted from 1 in a table": ("a.csv", flat("A", "B", answers=(1, 2)), (GOOD, "count the options from 1")),
    "never 0": (
        "a.jsonl",
        [{Q: MILK, C: list(RIGHT), "answer": n} for n in (1, 2)],
        "so it may be counted from 0 or 1",
    ),
    "never 0 in MedMCQA": ("a.jsonl", [{Q: MILK, **FOUR, "cop": 2}], "column `cop`: every answer that is a number"),
    "from 0 and from 1": (
        "a.csv",
        [{Q: MILK, "A": "x y", "B": "z w", "answer": n} for n in (0, 2)],
        "row 3, column `answer`: unknown answer '2'",
    ),
    "numbers for labels": (
        "a.jsonl",
        [row | {"answerKey": i + 1} for i, row in enumerate(labelled())],
        "row 1, column `answerKey`: unknown answer key '1'",
    ),
    "labels as numbers": (
        "a.jsonl",
        [row | {C: {"text": TEXTS[i], "label": [1, 2]}, "answerKey": i + 1} for i, row in enumerate(labelled())],
        (GOOD, ""),
    ),
    "numbers for RACE's letters": (
        "a.jsonl",
        [row | {"article": "x y"} for row in listed("options", (0, 1))],
        "row 1, column `answer`: unknown answer 0",
    ),
    "letters for PIQA's numbers": (
        "a.jsonl",
        [{"goal": MILK, "sol1": "a cow", "sol2": "iron", "label": "A"}],
        "row 1, column `label`: unknown answer 'A'",
    ),
    "WinoGrande from 0": (
        "a.jsonl",
        [{"sentence": "The _ ate.", "option1": "cow", "option2": "hen", "answer": n} for n in ("0", "1")],
        "row 1, column `answer`: unknown answer '0'",
    ),
    "a fraction": ("a.jsonl", listed("choices", (0.0, 1.0)), "row 1, column `answer`: a number with a decimal point"),
    "a number that is another option's text": (
        "a.csv",
        [{Q: "1+1?", "A": "1", "B": "0", "answer": "0"}],
        "is the number of one option and the text of another",
    ),
    "a letter that is another option's text": (
        "a.csv",
        [{Q: "Which blood?", "A": "B", "B": "A", "answer": "A"}],
        "is the letter of one option and the text of another",
    ),
    "a letter in a file of letters": (
        "a.csv",
        [*FLAT, {Q: "Which blood?", "A": "B", "B": "A", "answer": "A"}],
        ([*GOOD, "B"], ""),
    ),
    "thirteen options": (
        "a.jsonl",
        [{Q: MILK, "mc1_targets": {C: [f"x{i}" for i in range(13)], "labels": [0] * 12 + [1]}}],
        (["x12"], ""),
    ),
    # options beside free answers
    "the option itself": ("a.jsonl", listed("choices", ("a cow", "fire")), (GOOD, "")),
    "an option that is not there": (
        "a.jsonl",
        listed("choices", ("a hen", "fire")),
        "row 1, column `answer`: unknown answer 'a hen'",
    ),
    "distractors beside a free answer": (
        "a.jsonl",
        [row | {"distractors": ["iron", "rain"]} for row in FREE],
        "column `distractors`: it looks like options",
    ),
    "a pool that holds the answer": (
        "a.jsonl",
        [row | {"pool": ["iron", row["answer"]]} for row in FREE],
        "column `pool`: it looks like options",
    ),
    "columns that hold the answer": (
        "a.csv",
        [row | {"guess1": "iron", "guess2": row["answer"]} for row in FREE],
        "column `guess1`: it looks like options",
    ),
    "a wrong answer beside a free one": (
        "a.csv",
        [row | {"wrong_answer": "iron"} for row in FREE],
        "column `wrong_answer`: it looks like options",
    ),
    "two lists beside a letter": (
        "a.jsonl",
        [ONE | {"pool": ["x", "y"], "other": ["v", "w"]}],
        "it looks like options",
    ),
    "a list and columns beside a letter": (
        "a.jsonl",
        [ONE | {"pool": ["x", "y"], "guess1": "v", "guess2": "w"}],
        "the options could be in",
    ),
    "words beside letters": (
        "a.csv",
        [ONE | {"first": "a cow", "second": "a stone"}],
        "`first`, `second` may hold what they mean",
    ),
    "choices beside a prompt": (
        "a.jsonl",
        [{"prompt": MILK, C: TEXTS[0], "answer": "A"}],
        "column `choices`: it looks like options",
    ),
    "options beside an instruction": (
        "a.jsonl",
        [row | {"options": TEXTS[0]} for row in ALPACA],
        "column `options`: it looks like options",
    ),
    "letters and no options": ("a.csv", [ONE], (["A"], "no column holds options")),
    "tags beside a free answer": (
        "a.jsonl",
        [row | {"tags": ["farm", "easy"]} for row in FREE],
        (GOOD, "Not used: `tags`"),
    ),
    "a source beside a free answer": (
        "a.csv",
        [row | {"source": "a book"} for row in FREE],
        (GOOD, "Not used: `source`"),
    ),
    "a passage beside a prompt": (
        "a.jsonl",
        [{"prompt": "Why?\n", "passage": "x", "answer": "y"}],
        (["y"], "Not used: `passage`"),
    ),
    "a passage under another name": (
        "a.jsonl",
        [row | {"evidence": "x"} for row in MC],
        (GOOD, "Not used: `evidence`"),
    ),
    "a hint inside the options": (
        "a.jsonl",
        [row | {C: row[C] | {"hint": ["x"]}} for row in labelled()],
        (GOOD, "Not used: `choices.hint`"),
    ),
    # conversations
    "no answer in a chat": ("a.jsonl", [{"messages": talk("role", "content", ASKED)}], "no turn of the assistant"),
    "no question in a chat": ("a.jsonl", [{"messages": talk("role", "content", SAID)}], "no turn of the user"),
    "an unknown role": (
        "a.jsonl",
        [{"messages": talk("role", "content", ASKED, ("tool", "4"), SAID)}],
        "messages[1].role`: the role 'tool'",
    ),
    "a picture in a chat": (
        "a.jsonl",
        [{"messages": [*talk("role", "content", ASKED, SAID), {"role": "user", "content": [{"type": "image"}]}]}],
        "a part that is no text",
    ),
    "a chat that goes on": (
        "a.jsonl",
        [{"messages": talk("role", "content", ASKED, SAID, ASKED)}],
        (["A cow."], "turns behind the last answer are not used"),
    ),
    "words that run together": (
        "a.jsonl",
        [{"prompt": "The sky is", "completion": "blue"}],
        (["blue"], "meet without a blank in 1 of 1 rows"),
    ),
    "a chosen answer": (
        "a.jsonl",
        [{"prompt": "2+2=", "chosen": "4", "rejected": "5"}],
        (["4"], "The chosen answer is taught"),
    ),
}
