"""What students are asked, compared with naive twins, and that what is thrown away changes no answer."""

import pytest
import torch

from backend.core.vision.light_loss import Light
from backend.core.vision.masked_words import Fusion
from backend.core.vision.models import outputs
from backend.core.vision.pointing import pointing
from backend.core.vision.splits import Scorer
from backend.runs.folder import RunDir
from backend.studies.light_clip.arms import ARMS
from backend.studies.light_clip.data import parts_of
from backend.studies.light_clip.training import Trainer
from tests.light_clip_run import CONFIG


@pytest.fixture(scope="module")
def trainer(tmp_path_factory) -> Trainer:
    return Trainer(CONFIG, RunDir(tmp_path_factory.mktemp("light")))


def test_dropping_the_fusion_module_changes_no_answer(trainer):
    light = trainer.data.student(ARMS["all"], 1, 0)
    assert isinstance(light.fusion, Fusion)
    exam, alone = trainer.validation, Light(light.clip)
    with torch.no_grad():
        whole, apart = (outputs(one.clip, exam.pairs) for one in (light, alone))
    assert torch.equal(whole.image, apart.image) and torch.equal(whole.text, apart.text)
    masked = ("masked_with", "masked_without", "masked_gain", "hidden")
    both = [{k: v for k, v in exam.figures(one).items() if k not in masked} for one in (light, alone)]
    assert both[0] == both[1]


def test_figures_are_those_of_the_general_scorer(trainer):
    exam, clip, data = trainer.validation, trainer.data.student(ARMS["base"], 1, 2).clip, trainer.data
    templates = data.source(CONFIG.loose).templates
    named, paired = (Scorer(one, data.tokenizer, templates, data.context) for one in (exam.named, exam.paired))
    found = exam.figures(Light(clip))
    twins = {**paired.scores(clip).shares(), **{k: named.scores(clip).shares()[k] for k in ("top1", "top5")}}
    assert twins == {name: found[name] for name in twins}


def test_pointing_of_an_exam_is_that_of_one_word_after_another(trainer):
    exam, light, hits = trainer.validation, trainer.data.student(ARMS["base"], 1, 3), []
    for row, place, right in zip(exam.places.rows, exam.places.places, exam.places.right, strict=True):
        with torch.no_grad():
            found = outputs(light.clip, exam.pairs.rows([int(row)]), tokens=True)
        cosines = found.patches[0] @ found.words[0, place + 1]
        hits += pointing(cosines[None], right[None]).hit
    assert exam.pointed(light).hit == hits and exam.chance["pointing"] > 0


def test_an_exam_hides_one_word_about_a_thing_of_each_caption(trainer):
    exam = trainer.test
    assert exam.hidden.sum(1).tolist() == [1] * 2 * CONFIG.test_limit  # of one thing, and of several
    words = trainer.data.tokenizer.convert_ids_to_tokens(exam.told.ids[exam.hidden].tolist())
    assert not {"a", "an", "of", "and", "<s>", "</s>"} & set(words)


def test_one_seed_gives_every_arm_the_same_start_and_the_same_pairs(trainer):
    first, other = (trainer.data.student(ARMS[arm], 1, 1).clip.state_dict() for arm in ("base", "all"))
    assert all(torch.equal(first[name], other[name]) for name in first)
    pool = trainer.data.pool(CONFIG.loose)
    assert torch.equal(pool.batch(1, 3, 6).pairs.ids, pool.batch(1, 3, 6).pairs.ids)


def test_looser_captions_are_true_of_more_pictures(trainer):
    assert trainer.data.false_negatives(0.0) <= trainer.data.false_negatives(1.0)


def test_arms_are_the_parts_that_they_are_called_by():
    found = {name: parts_of(CONFIG, arm) for name, arm in ARMS.items()}
    assert (found["base"].softness, found["base"].tokens, found["base"].masked) == (0, 0, 0)
    assert (found["softened"].weights, found["softened_uniform"].weights) == ("similarity", "uniform")
    assert found["tokens"].matching.rule == "relaxed" and found["row_max"].matching.rule == "row_max"
    assert found["all"].softness == CONFIG.softness and found["all"].tokens and found["all"].masked
