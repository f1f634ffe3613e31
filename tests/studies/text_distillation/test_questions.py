"""How a model reads a file of one's own, as the form asks: its chat template, and what is taught."""

import json

import pytest

from backend.desk.ask import Shelf
from backend.errors import UserError
from backend.studies.text_distillation.questions import reading
from tests.own_tokenizers import byte_level

TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def shelf(template: str | None):
    tokenizer = byte_level()
    tokenizer.chat_template = template
    shelf = Shelf()
    shelf.tokenizer = lambda model: tokenizer
    return shelf


@pytest.fixture
def chats(tmp_path):
    file = tmp_path / "chats.json"
    turns = [[("system", "Be short."), ("user", f"What is {i}?"), ("assistant", f"number {i}")] for i in range(30)]
    rows = [{"messages": [{"role": role, "content": text} for role, text in said]} for said in turns]
    file.write_text(json.dumps(rows))
    return str(file)


def text(tokens: list[dict], taught: bool | None = None) -> str:
    return "".join(token["text"] for token in tokens if taught is None or token["taught"] is taught)


def test_a_chat_is_shown_in_the_models_template_and_its_answer_as_what_is_taught(chats):
    found = reading(shelf(TEMPLATE), "any", "own_chat", chats, number=2)
    assert (found["examples"], len(found["shown"])) == (18, 2), "of 30 rows, 12 are held out"
    tokens = found["shown"][0]["tokens"]
    assert text(tokens).startswith("<system>Be short.</s><user>What is") and "<assistant>number" in text(tokens)
    assert text(tokens, taught=True).startswith("number") and text(tokens, taught=True).endswith("</s>")


def test_a_model_without_a_template_is_shown_a_plain_question(chats):
    tokens = reading(shelf(None), "any", "own_chat", chats, number=1)["shown"][0]["tokens"]
    assert "Question: Be short." in text(tokens) and "Answer: number" in text(tokens)


def test_a_template_that_takes_no_such_turns_says_so(chats):
    with pytest.raises(UserError, match="chat template cannot put these turns"):
        reading(shelf("{{ raise_exception('no') }}"), "any", "own_chat", chats)
