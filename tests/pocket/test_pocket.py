"""What the bundled world promises: facts kept apart, one right option, the same bytes again, models that load."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from backend.core.text.facts import KeptOut, load_facts, plain
from backend.core.text.text_data import load_questions
from backend.pocket.files import write_data
from backend.pocket.pretrain import SEEDS, batches, build_model, train_step
from backend.pocket.questions import facts_asked, mmlu_questions, question_id, science_questions, second_test
from backend.pocket.relation import with_article
from backend.pocket.statements import documents, statements
from backend.pocket.vocabulary import SIZES, build_tokenizer
from backend.pocket.world import DOMAINS, all_facts, all_relations, split_facts

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCIENCE = {"train": 1200, "validation": 300, "test": 600}
MODELS = {"opt-pocket": "OPTForCausalLM", "llama-pocket": "LlamaForCausalLM"}
MEGABYTE = 2**20


def read(path: str) -> list[dict]:
    return [json.loads(line) for line in (ASSETS / path).read_text(encoding="utf-8").splitlines()]


def read_science() -> dict[str, list[dict]]:
    return {split: read(f"pocket_science/{split}.jsonl") for split in SCIENCE}


@pytest.fixture(scope="module")
def asked() -> dict:
    return facts_asked()


@pytest.mark.parametrize("held_out", ["validation", "test"])
def test_no_fact_asked_in_a_held_out_split_is_asked_in_train(asked, held_out):
    rows = read_science()
    facts = {split: {asked[row["id"]].key for row in rows[split]} for split in rows}
    assert len(facts["train"]) > 700
    assert not facts["train"] & facts[held_out]
    assert not facts["validation"] & facts["test"]


def test_the_second_test_asks_the_facts_of_the_first_in_words_that_nobody_was_asked(asked):
    rows, second = read_science(), second_test()
    first = {asked[row["id"]].key for row in rows["test"]}
    assert {question.fact.key for question in second} == first
    assert not {question.text for question in second} & {row["question"] for part in rows.values() for row in part}
    assert all(question.options[question.answer] == question.fact.value for question in second)
    assert len({question.text for question in second}) == len(second) > 600


def test_every_relation_is_asked_in_every_split(asked):
    for rows in read_science().values():
        assert {asked[row["id"]].relation.key for row in rows} == {r.key for r in all_relations()}


def test_the_rows_on_disk_ask_the_facts_the_generator_says(asked):
    for split, rows in read_science().items():
        for index, row in enumerate(rows):
            fact = asked[row["id"]]
            assert row["id"] == question_id(split, index)
            assert row["question"] in {fact.write(ask) for ask in fact.relation.asks}
            assert row["choices"]["text"][row["choices"]["label"].index(row["answerKey"])] == fact.value


def test_the_relations_on_disk_name_what_every_question_asks(asked):
    relations = json.loads((ASSETS / "pocket_science" / "relations.json").read_text(encoding="utf-8"))
    assert relations == {row["id"]: asked[row["id"]].relation.key for rows in read_science().values() for row in rows}
    assert set(relations.values()) == {relation.key for relation in all_relations()}


def test_the_facts_on_disk_are_those_of_the_world_in_all_phrasings():
    told = {fact.name: fact for fact in load_facts("pocket_science")}
    assert list(told) == [fact.key for fact in all_facts()]
    for fact in all_facts():
        assert told[fact.key].answers[0] == fact.value and set(told[fact.key].answers) == fact.right()
        assert list(map(plain, told[fact.key].asks)) == [plain(fact.write(ask)) for ask in fact.relation.asks]


def test_every_phrasing_of_a_fact_of_validation_or_test_is_kept_out_and_none_of_training(asked):
    out = KeptOut(
        load_facts("pocket_science"),
        [*load_questions("pocket_science", "validation"), *load_questions("pocket_science", "test")],
    )
    held = {fact.key for split, facts in split_facts().items() for fact in facts if split != "train"}
    assert set(out.by) == held and all(asked[by].key == fact for fact, by in out.by.items())
    for fact in all_facts():
        for ask in fact.relation.asks:
            why = out.why(fact.write(ask), "anything")
            assert (why and why["fact"]) == (fact.key if fact.key in held else None)


def test_the_world_rebuilds_byte_for_byte(tmp_path):
    for path in write_data(tmp_path):
        assert path.read_bytes() == (ASSETS / path.relative_to(tmp_path)).read_bytes()


def test_another_process_builds_the_same_questions():
    # string hashing differs between processes; an order that came from a set would show here
    code = "from backend.pocket.questions import science_questions as s; print([q.text for q in s()['test']])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ASSETS.parent)
    assert run.stdout.strip() == str([question.text for question in science_questions()["test"]])


def test_science_rows_have_the_layout_of_the_real_set():
    for split, rows in read_science().items():
        assert len(rows) == SCIENCE[split]
        for row in rows:
            assert list(row) == ["id", "question", "choices", "answerKey"]
            count = len(row["choices"]["text"])
            assert row["choices"]["label"] in (list("ABCDE"[:count]), list("1234"))
            assert row["answerKey"] in row["choices"]["label"]


def test_the_odd_rows_of_the_real_set_are_there_too():
    rows = read("pocket_science/train.jsonl")
    counts = Counter(len(row["choices"]["text"]) for row in rows)
    assert counts[4] > 0.75 * len(rows) and counts[3] and counts[5]
    assert any(row["choices"]["label"][0] == "1" for row in rows)


def test_every_question_has_exactly_one_right_option():
    for questions in (*science_questions().values(), *mmlu_questions().values()):
        for question in questions:
            right = [place for place, option in enumerate(question.options) if option in question.fact.right()]
            assert right == [question.answer]
            assert len(set(question.options)) == len(question.options)


def test_no_question_is_asked_twice():
    texts = [row["question"] for rows in read_science().values() for row in rows]
    assert len(set(texts)) == len(texts)


def test_the_right_option_is_everywhere_equally_often():
    for rows in read_science().values():
        four = [row for row in rows if len(row["choices"]["text"]) == 4]
        places = Counter(row["choices"]["label"].index(row["answerKey"]) for row in four)
        assert max(places.values()) - min(places.values()) <= 1


def test_mmlu_has_the_layout_of_the_real_set_and_keeps_its_shots_apart():
    dev, test = read("pocket_mmlu/dev.jsonl"), read("pocket_mmlu/test.jsonl")
    assert Counter(row["subject"] for row in dev) == dict.fromkeys(DOMAINS, 5)
    assert Counter(row["subject"] for row in test) == dict.fromkeys(DOMAINS, 50)
    for row in dev + test:
        assert list(row) == ["question", "subject", "choices", "answer"]
        assert len(row["choices"]) == 4 and row["answer"] in range(4)
    assert not {row["question"] for row in dev} & {row["question"] for row in test}


def test_no_mmlu_test_row_asks_a_fact_of_train():
    train = {fact.key for fact in split_facts()["train"]}
    assert not train & {question.fact.key for question in mmlu_questions()["test"]}


def test_relations_differ_in_every_phrasing():
    asks = [ask for relation in all_relations() for ask in relation.asks]
    assert len(set(asks)) == len(asks) and len(all_relations()) >= 35


def test_statements_state_every_fact_and_ask_nothing():
    assert len(statements()) >= 3 * len(all_facts())
    assert not any("?" in text or "Answer" in text for text in documents(0))


@pytest.mark.parametrize(
    ("noun", "written"), [("owl", "an owl"), ("cow", "a cow"), ("hour", "an hour"), ("unit", "a unit")]
)
def test_articles_follow_the_sound(noun, written):
    assert with_article(noun, "a") == written


@pytest.mark.parametrize("name", MODELS)
def test_models_load_with_finite_loss_and_are_under_12_mb(name):
    folder = ASSETS / "models" / name
    assert (folder / "model.safetensors").stat().st_size < 12 * MEGABYTE
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert type(model).__name__ == MODELS[name]
    assert model.config.max_position_embeddings >= 512
    ids = tokenizer("A cow is a mammal.", return_tensors="pt").input_ids
    with torch.no_grad():
        loss = model(input_ids=ids, labels=ids).loss
    assert 0 < loss.item() < 5  # a blind guess among 2,400 tokens would be 7.8


@pytest.mark.parametrize("name", MODELS)
def test_tokenizers_give_every_text_back(name):
    tokenizer = AutoTokenizer.from_pretrained(ASSETS / "models" / name)
    for text in ("Question: What does a cow eat?\nAnswer: grass", " grass", "A  b\n\n12.5 °C, naïve 雪!", "Don't."):
        ids = tokenizer(text).input_ids
        assert ids[0] == tokenizer.bos_token_id and tokenizer.eos_token_id not in ids[1:]
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


@pytest.mark.parametrize("name", MODELS)
def test_an_option_is_cut_the_same_alone_and_behind_its_prompt(name):
    tokenizer = AutoTokenizer.from_pretrained(ASSETS / "models" / name)
    for row in read("pocket_science/test.jsonl")[:100]:
        prompt = f"Question: {row['question']}\nAnswer:"
        for option in row["choices"]["text"]:
            alone = tokenizer(f" {option}", add_special_tokens=False).input_ids
            assert tokenizer(f"{prompt} {option}").input_ids == tokenizer(prompt).input_ids + alone


def test_the_two_families_share_no_vocabulary():
    opt, llama = (AutoTokenizer.from_pretrained(ASSETS / "models" / name).get_vocab() for name in MODELS)
    assert len(opt) != len(llama)
    same = [token for token in opt if len(token) > 1 and opt[token] == llama.get(token)]
    assert len(same) < 0.02 * len(opt)


@pytest.mark.parametrize("name", MODELS)
def test_tokenizers_rebuild_to_the_same_table(name):
    saved = AutoTokenizer.from_pretrained(ASSETS / "models" / name)
    assert len(saved) == SIZES[name]
    assert build_tokenizer(name).get_vocab() == saved.get_vocab()


@pytest.mark.parametrize("name", MODELS)
def test_a_step_of_pre_training_learns(name):
    torch.manual_seed(0)
    tokenizer = build_tokenizer(name)
    model = build_model(name, tokenizer)
    ids = next(batches(tokenizer, SEEDS[name]))[:4]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = [train_step(model, optimizer, ids) for _ in range(3)]
    assert losses[-1] < losses[0]
