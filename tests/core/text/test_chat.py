"""A conversation is taught, asked and scored by the model's own template; by the plain prompt where there is none."""

import pytest

from backend.core.models.backbones import Backbone
from backend.core.scoring import generated
from backend.core.scoring.trees import make_trees
from backend.core.text import tasks
from backend.core.text.chat import reading
from backend.core.text.examples import encode
from backend.core.text.prompts import Example
from backend.core.text.tasks import Question, TaskSpec, file_task
from backend.desk import ask
from backend.errors import UserError
from tests import tiny

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Gemma's way: no system turn, the assistant is called model, texts are trimmed, the bos token stands in the text
STRICT = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "<{{ 'model' if m['role'] == 'assistant' else m['role'] }}>{{ m['content'] | trim }}<end>\n{% endfor %}"
    "{% if add_generation_prompt %}<model>{% endif %}"
)
# drops what it does not know
LOSSY = (
    "{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% elif m['role'] == 'assistant' %} {{ m['content'] }}{{ eos_token }}\n{% endif %}{% endfor %}"
)
TURNS = (("system", "Be brief."), ("user", "Milk?"), ("assistant", "Yes."), ("user", "Which animal?"))
EXAMPLE = Example("Be brief.\n\nMilk?\nYes.\nWhich animal?", "A cow.", turns=TURNS)


def tokenizer(template: str | None, family: str = "llama"):
    made = tiny.toy_tokenizer(family)
    made.chat_template = template
    return made


def test_a_conversation_is_read_as_the_template_writes_it():
    read = reading(tokenizer(CHATML), EXAMPLE)
    assert read.prompt == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nMilk?<|im_end|>\n"
        "<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nWhich animal?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert (read.between, read.answer, read.ending) == ("", "A cow.", "<|im_end|>\n")


@pytest.mark.parametrize("template", [None, CHATML])
def test_without_turns_or_template_the_plain_prompt_is_read(template):
    plain = EXAMPLE if template is None else Example(EXAMPLE.prompt, EXAMPLE.answer)
    read = reading(tokenizer(template), plain)
    assert (read.prompt, read.between, read.answer, read.ending) == (EXAMPLE.prompt, " ", "A cow.", "")


@pytest.mark.parametrize(
    ("template", "prompt", "ending"),
    [
        (STRICT, "<s><user>Be brief.\n\nMilk?<end>\n<model>Yes.<end>\n<user>Which animal?<end>\n<model>", "<end>\n"),
        (LOSSY, "[INST] Be brief.\n\nMilk? [/INST] Yes.</s>\n[INST] Which animal? [/INST]", "</s>"),
    ],
    ids=["refused", "dropped"],
)
def test_a_system_turn_that_a_template_does_not_take_goes_before_the_first_user_text(template, prompt, ending):
    read = reading(tokenizer(template), EXAMPLE)
    assert (read.prompt, read.ending) == (prompt, ending)
    alone = reading(tokenizer(template), Example("", "Hi.", turns=(("system", "Be brief."),)))
    assert "user>Be brief." in alone.prompt or "[INST] Be brief." in alone.prompt


@pytest.mark.parametrize("template", [CHATML, STRICT, LOSSY])
@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_ids_are_those_of_the_rendered_text_with_one_bos_and_one_end(template, family):
    made = tokenizer(template, family)
    read, found = reading(made, EXAMPLE), encode(made, EXAMPLE)
    ids = [*found.prompt, *found.answer]
    assert made.decode(ids) == "<s>" * (family == "llama" and template is not STRICT) + read.text + "</s>" * (
        template is not LOSSY
    )
    assert made.decode(found.answer).startswith("A cow.") or template is LOSSY
    assert ids[-1] == made.eos_token_id and found.answer.count(made.eos_token_id) == 1


@pytest.mark.parametrize("template", ["{{ raise_exception('never') }}", "{% for", "{{ nothing.at.all }}"])
def test_a_template_that_cannot_be_rendered_is_refused_in_a_sentence(template):
    with pytest.raises(UserError, match="chat template"):
        encode(tokenizer(template), EXAMPLE)


def test_a_student_taught_with_a_template_is_asked_and_scored_with_it(tiny_models, monkeypatch):
    backbone: Backbone = ask.load_backbone(str(tiny_models["llama"]))
    backbone.tokenizer.chat_template = CHATML
    taught = list(encode(backbone.tokenizer, EXAMPLE).prompt)
    asked = []

    def watch(inputs, **_):
        asked.extend(inputs[0].tolist())
        return inputs

    monkeypatch.setattr(backbone.model, "generate", watch)
    ask.generate(backbone, EXAMPLE, 5)
    assert asked == taught
    monkeypatch.setattr("backend.core.scoring.trees.to_example", lambda *_: EXAMPLE)
    question = Question("one", "Which animal?", ("A cow.",), 0)
    [tree] = make_trees(backbone.tokenizer, [(0, question)], file_task("a", tasks.LAYOUTS[0]), {}, 512, True)
    written = backbone.tokenizer.decode([*tree.ids[: tree.answers[0].places[0] + 1], *tree.answers[0].tokens])
    assert written == f"<s>{reading(backbone.tokenizer, EXAMPLE).prompt}A cow."


def test_a_conversation_is_asked_in_the_model_s_template_and_a_prompt_as_it_is(tiny_models, tmp_path):
    folder = tiny.save_model(tmp_path, "llama")
    made = ask.load_tokenizer(str(folder))
    made.chat_template = CHATML
    made.save_pretrained(folder)
    backbone, seen = ask.load_backbone(str(folder)), []
    backbone.model.register_forward_pre_hook(
        lambda _, args, inputs: seen.append(inputs["input_ids"][0].tolist()), with_kwargs=True
    )
    for style, read in (("chat", "<|im_start|>user\nIce? <|im_end|>\n<|im_start|>assistant\n"), ("prompt", "Ice? ")):
        asked = ask.Asked("Ice? ", (), style, max_new_tokens=2)
        told = ask.answers(backbone, backbone.model, asked)
        assert told["options"] == [] and told["choice"] is None and not told["truncated"]
        text = read if style == "prompt" else read.replace("? <", "?<")  # blanks around a turn are dropped
        assert seen[0] == list(encode(made, Example(text, "a", "")).prompt)
        seen.clear()
    options = ask.answers(backbone, backbone.model, ask.Asked("Ice?", ("snow", "iron"), "chat"))["options"]
    assert [option["text"] for option in options] == ["snow", "iron"]


def test_generated_answers_of_a_conversation_follow_the_template_and_end_with_it(tiny_models, monkeypatch):
    backbone = ask.load_backbone(str(tiny_models["llama"]))
    backbone.tokenizer.chat_template = CHATML
    prompts = []

    def write(model, tokenizer, group, most):
        prompts.extend(group)
        return ["A cow.<|im_end|>\n<|im_start|>user"] * len(group)

    monkeypatch.setattr(generated, "batch", write)
    question = Question("one", "Which animal?", ("A cow.",), 0, turns=TURNS)
    found = dict(generated.generate(backbone.model, backbone.tokenizer, TaskSpec("mine", "chat"), [question]))
    assert found == {0: "A cow."}
    assert prompts == [list(encode(backbone.tokenizer, EXAMPLE).prompt)]
