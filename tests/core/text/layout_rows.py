"""One small file of every known layout, written after each data set's public description, and what it must read as."""

from backend.core.text.prompts import Example
from tests.core.text.layout_makers import (
    ASKED,
    BOTH,
    CHAT,
    FOUR,
    FREE,
    GPQA,
    HOT,
    LETTERS,
    MC1,
    MILK,
    PASSAGE,
    RIGHT,
    SAID,
    SCIQ,
    TEXTS,
    TWO,
    WITH_PASSAGE,
    flat,
    labelled,
    listed,
    original,
    talk,
)

# layout: file name, rows, (question, options, answer) of each row; where the options are drawn, they are None
ROWS = {
    "arc": ("a.jsonl", labelled(), BOTH),
    "arc_original": ("a.jsonl", original(), BOTH),
    "arc_csv": (
        "a.csv",
        [
            {
                "questionID": "M_1",
                "totalPossiblePoint": 1,
                "AnswerKey": "A",
                "question": f"{MILK} (A) a cow (B) a stone",
            },
            {"questionID": "M_2", "totalPossiblePoint": 1, "AnswerKey": "2", "question": f"{HOT} (1) ice (2) fire"},
        ],
        BOTH,
    ),
    "openbookqa": ("a.parquet", labelled("question_stem"), BOTH),
    "openbookqa_original": ("a.jsonl", original(fact1="cows give milk"), BOTH),
    "commonsenseqa": ("a.jsonl", labelled(question_concept="cow"), BOTH),
    "commonsenseqa_original": ("a.jsonl", original({"question_concept": "cow"}), BOTH),
    "sciq": (
        "a.json",
        [SCIQ | {"support": PASSAGE}, SCIQ | {"support": ""}],
        [(f"{PASSAGE}\n\n{MILK}", None, "a cow"), (MILK, None, "a cow")],
    ),
    "gpqa": ("a.csv", [GPQA | {"Record ID": "r1"}], [(MILK, None, "a cow")]),
    "hellaswag": (
        "a.jsonl",
        [
            {
                "ind": 4,
                "activity_label": "Farm",
                "ctx_a": "x",
                "ctx_b": "y",
                "ctx": MILK,
                "endings": TEXTS[0],
                "label": "1",
            }
        ],
        [(MILK, TWO[0], "a stone")],
    ),
    "piqa": (
        "a.jsonl",
        [{"goal": "Feed a cow.", "sol1": "Give it grass.", "sol2": "Give it stones.", "label": 1}],
        [("Feed a cow.", ("Give it grass.", "Give it stones."), "Give it stones.")],
    ),
    "winogrande": (
        "a.jsonl",
        [{"sentence": "The _ ate.", "option1": "cow", "option2": "stone", "answer": "1"}],
        [("The _ ate.", ("cow", "stone"), "cow")],
    ),
    "social_iqa": (
        "a.jsonl",
        [
            {
                "context": "Ada fed a cow.",
                "question": "How is it?",
                "answerA": "full",
                "answerB": "made of iron",
                "answerC": "hungry",
                "label": "1",
            }
        ],
        [("Ada fed a cow.\n\nHow is it?", ("full", "made of iron", "hungry"), "full")],
    ),
    "race": (
        "a.jsonl",
        [row | {"article": PASSAGE, "example_id": "high1.txt"} for row in listed("options", ("A", "B"))],
        WITH_PASSAGE,
    ),
    "boolq": (
        "a.jsonl",
        [
            {"question": "do cows give milk", "passage": PASSAGE, "answer": True, "title": "Cow"},
            {"question": "do stones", "passage": PASSAGE, "answer": False, "title": "Stone"},
        ],
        [(f"{PASSAGE}\n\ndo cows give milk", ("no", "yes"), "yes"), (f"{PASSAGE}\n\ndo stones", ("no", "yes"), "no")],
    ),
    "boolq_superglue": (
        "a.jsonl",
        [{"question": "do cows give milk", "passage": PASSAGE, "idx": 0, "label": 1}],
        [(f"{PASSAGE}\n\ndo cows give milk", ("no", "yes"), "yes")],
    ),
    "truthfulqa_mc1": ("a.parquet", MC1, BOTH),
    "medmcqa": (
        "a.jsonl",
        [
            {
                "id": "m1",
                "question": MILK,
                **FOUR,
                "cop": 0,
                "choice_type": "single",
                "exp": None,
                "subject_name": "Farm",
                "topic_name": "Milk",
            }
        ],
        [(MILK, RIGHT, "a cow")],
    ),
    "mmlu": ("a.parquet", listed("choices", (0, 1), subject="farm_life"), BOTH),
    "mmlu_pro": (
        "a.jsonl",
        [
            row | {"question_id": i, "answer_index": i, "cot_content": "", "category": "farm", "src": "x"}
            for i, row in enumerate(listed("options", ("A", "B")))
        ],
        BOTH,
    ),
    "hendrycks_csv": (
        "a.csv",
        [[MILK, *RIGHT, "A"], ["Which is iron?", *RIGHT, "C"]],
        [(MILK, RIGHT, "a cow"), ("Which is iron?", RIGHT, "iron")],
    ),
    "flat": ("a.xlsx", flat("A", "B"), BOTH),
    "flat_lower": ("a.csv", flat("a", "b", answers=(0, 1)), BOTH),
    "flat_option_a": ("a.csv", flat("option_a", "option_b"), BOTH),
    "flat_opa": ("a.tsv", flat("opa", "opb", answers=("a", "b")), BOTH),
    "flat_option1": ("a.csv", flat("option1", "option2", answers=("a cow", "fire")), BOTH),
    "options_list": ("a.jsonl", listed("endings", ("a cow", "fire"), context=PASSAGE), WITH_PASSAGE),
    "options_objects": (
        "a.parquet",
        [
            {
                "question": q,
                "choices": [{"label": x, "text": t} for x, t in zip(LETTERS, TEXTS[i], strict=True)],
                "answer": LETTERS[i],
            }
            for i, q in enumerate((MILK, HOT))
        ],
        BOTH,
    ),
    "options_left_over": ("a.jsonl", listed("pool", ("A", "B")), BOTH),
    "options_columns": ("a.csv", flat("choice_1", "choice_2"), BOTH),
    "question_answer": ("a.csv", [{"question": "Name an animal.", "answer": "A cow."}], CHAT),
    "squad": (
        "a.parquet",
        [
            {
                "id": "s1",
                "title": "Cow",
                "context": PASSAGE,
                "question": MILK,
                "answers": {"text": ["Cows", "cows"], "answer_start": [0, 0]},
            }
        ],
        [(f"{PASSAGE}\n\n{MILK}", ("Cows",), "Cows")],
    ),
    "alpaca": (
        "a.json",
        [
            {"instruction": "Name an animal.", "input": "", "output": "A cow."},
            {"instruction": "Translate.", "input": "the cow", "output": "die Kuh"},
        ],
        FREE,
    ),
    "alpaca_chat": (
        "a.json",
        [
            {
                "instruction": "And one more?",
                "input": "",
                "output": "A hen.",
                "system": "Be brief.",
                "history": [["Name an animal.", "A cow."]],
            }
        ],
        [("Be brief.\n\nUser: Name an animal.\n\nAssistant: A cow.\n\nAnd one more?", ("A hen.",), "A hen.")],
    ),
    "dolly": (
        "a.jsonl",
        [
            {"instruction": MILK, "context": PASSAGE, "response": "Cows.", "category": "closed_qa"},
            {"instruction": HOT, "context": "", "response": "Fire.", "category": "open_qa"},
        ],
        [(f"{PASSAGE}\n\n{MILK}", ("Cows.",), "Cows."), (HOT, ("Fire.",), "Fire.")],
    ),
    "prompt_answer": ("a.jsonl", [{"prompt": "Q: 2+3=", "answer": "5\n"}], [("Q: 2+3=", ("5\n",), "5\n")]),
    "distilled": (
        "a.jsonl",
        [{"prompt": "Question: x\nAnswer:", "answer": "y", "provenance": {"step": 3}}],
        [("Question: x\nAnswer:", (" y",), " y")],
    ),
    "distilled_chat": (
        "a.jsonl",
        [
            Example("Question: Name an animal.\nAnswer:", "A cow.", turns=(ASKED,)).row | {"provenance": {"step": 3}},
        ],
        CHAT,
    ),
    "prompt_completion": (
        "a.parquet",
        [{"prompt": "The sky is", "completion": " blue."}],
        [("The sky is", (" blue.",), " blue.")],
    ),
    "prompt_completion_chat": (
        "a.jsonl",
        [{"prompt": talk("role", "content", ASKED), "completion": talk("role", "content", SAID)}],
        CHAT,
    ),
    "system_prompt": (
        "a.jsonl",
        [{"system": "Be brief.", "prompt": "Name an animal.", "answer": "A cow."}],
        [("Be brief.\n\nName an animal.", ("A cow.",), "A cow.")],
    ),
    "preference": (
        "a.jsonl",
        [{"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}],
        [("The sky is", (" blue.",), " blue.")],
    ),
    "preference_chat": (
        "a.jsonl",
        [
            {
                "prompt": talk("role", "content", ASKED),
                "chosen": talk("role", "content", SAID),
                "rejected": talk("role", "content", ("assistant", "Iron.")),
            }
        ],
        CHAT,
    ),
    "preference_conversation": (
        "a.parquet",
        [
            {
                "chosen": talk("role", "content", ASKED, SAID),
                "rejected": talk("role", "content", ASKED, ("assistant", "Iron.")),
            }
        ],
        CHAT,
    ),
    "messages": (
        "a.jsonl",
        [{"messages": talk("role", "content", ("system", "Be brief."), ASKED, SAID)}],
        [("Be brief.\n\nName an animal.", ("A cow.",), "A cow.")],
    ),
    "sharegpt": (
        "a.json",
        [
            {
                "id": "s1",
                "conversations": talk(
                    "from", "value", ("human", "Name an animal."), ("gpt", "A cow."), ("human", "Thanks.")
                ),
            }
        ],
        CHAT,
    ),
    "chatml": (
        "a.jsonl",
        [{"text": "<|im_start|>user\nName an animal.<|im_end|>\n<|im_start|>assistant\nA cow.<|im_end|>\n"}],
        CHAT,
    ),
}
