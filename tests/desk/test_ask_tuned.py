"""Base and tuned student side by side: the tuned answer is its own, and the base stays as it was."""

import peft
import pytest

from backend.core.models.backbones import load_backbone
from backend.desk.ask import Shelf, answers, ask
from backend.errors import UserError
from tests import tiny, tiny_students
from tests.tiny_students import ASKED, adapter, told

folder = tiny_students.folder
opt = tiny_students.opt
loads = tiny_students.loads


def test_an_untuned_adapter_answers_exactly_as_the_base(tmp_path):
    untuned = adapter("opt-pocket", tmp_path)
    both = ask(Shelf(), "opt-pocket", untuned, ASKED)
    assert told(both["tuned"]) == told(both["base"])


@pytest.mark.parametrize("options", [{}, {"use_rslora": True}, {"use_dora": True}], ids=["lora", "rslora", "dora"])
def test_an_adapter_changes_the_tuned_answer_and_leaves_the_base_as_it_was(folder, tmp_path, loads, opt, options):
    alone = told(answers(opt, opt.model, ASKED))
    tuned, shelf = adapter(folder, tmp_path, init=False, **options), Shelf()
    first, second = (ask(shelf, folder, tuned, ASKED) for _ in range(2))
    assert told(first["base"]) == told(second["base"]) == alone
    assert told(first["tuned"]) == told(second["tuned"]) != alone
    assert told(ask(shelf, folder, None, ASKED)["base"]) == alone
    assert loads == [folder]
    by_peft = peft.PeftModel.from_pretrained(opt.model, tuned).eval()
    assert told(answers(opt, by_peft, ASKED)) == told(first["tuned"])


def test_an_adapter_that_took_weights_from_the_base_leaves_no_hole_in_it(folder, tmp_path, loads, opt):
    """peft's own PiSSA folder, unconverted: loading it takes the principal directions out of the base."""
    alone = told(answers(opt, opt.model, ASKED))
    tuned, shelf = adapter(folder, tmp_path, init="pissa"), Shelf()
    for _ in range(2):
        both = ask(shelf, folder, tuned, ASKED)
        assert told(both["base"]) == alone
        likely = [option["log_likelihood"] for option in alone["options"]]
        assert [option["log_likelihood"] for option in both["tuned"]["options"]] == pytest.approx(likely, rel=1e-4)


def test_an_adapter_that_fails_half_way_leaves_the_base_as_it_was(folder, tiny_models, tmp_path, opt):
    alone = told(answers(opt, opt.model, ASKED))
    foreign = adapter(str(tiny_models["llama"]), tmp_path)  # its layers have the same names and other shapes
    shelf = Shelf()
    with pytest.raises(UserError, match="did not arrive"):
        ask(shelf, folder, foreign, ASKED)
    assert told(ask(shelf, folder, None, ASKED)["base"]) == alone


def test_a_whole_tuned_model_is_one_of_its_own(folder, tmp_path, opt):
    whole = str(tiny.save_model(tmp_path / "whole", "opt", seed=5))
    both = ask(Shelf(), folder, whole, ASKED)
    other = load_backbone(whole)
    assert told(both["base"]) == told(answers(opt, opt.model, ASKED))
    assert told(both["tuned"]) == told(answers(other, other.model, ASKED)) != told(both["base"])


def test_a_folder_that_is_no_student_is_refused_before_the_base_is_loaded(folder, tmp_path, loads):
    with pytest.raises(UserError, match="neither"):
        ask(Shelf(), folder, str(tmp_path), ASKED)
    assert not loads
