"""Sizes of manual students meet the asked part of their teacher's blocks."""

import pytest

from backend.core.vision.models import TowerSize
from backend.core.vision.parts import Shape, blocks_of, shapes_of
from backend.core.vision.slices import inherit
from backend.core.vision.student_sizes import shape_of_size, sizes_for
from backend.errors import UserError
from tests.small_clip import small_clip

BASE = {"image": Shape(768, 64, (12,) * 12, (3072,) * 12), "text": Shape(512, 64, (8,) * 12, (2048,) * 12)}
TOY = {"image": Shape(96, 24, (4,) * 4, (384,) * 4), "text": Shape(64, 16, (4,) * 3, (256,) * 3)}


@pytest.mark.parametrize("share", [0.08, 0.12, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("teacher", [BASE, TOY], ids=["base", "toy"])
def test_the_asked_part_is_met_by_both_towers(teacher, share):
    full = blocks_of(teacher)
    image, text = sizes_for(teacher, round(share * full))
    reached = sum(shape_of_size(size).blocks for size in (image, text)) / full
    assert share - 0.01 < reached <= share + 1e-6
    for size, whole in zip((image, text), teacher.values(), strict=True):
        assert size.width == size.heads * whole.head_width and size.neurons <= whole.neurons[0]
        if teacher is BASE:  # a toy's towers shrink in steps too large for that
            assert 0.6 * share < shape_of_size(size).blocks / whole.blocks < 1.6 * share


def test_a_whole_teacher_is_its_own_student():
    assert sizes_for(TOY, blocks_of(TOY)) == (TowerSize(96, 4, 4, 384), TowerSize(64, 3, 4, 256))


def test_a_student_of_these_sizes_can_be_inherited():
    teacher = small_clip()
    full = blocks_of(shapes_of(teacher))
    student = inherit(teacher, *sizes_for(shapes_of(teacher), full // 2))
    assert 0.45 * full < blocks_of(shapes_of(student)) <= 0.5 * full


def test_sizes_that_no_student_has_are_refused():
    for blocks in (10, 2 * blocks_of(TOY)):
        with pytest.raises(UserError, match="No student of this teacher"):
            sizes_for(TOY, blocks)
    ragged = TOY | {"text": Shape(64, 16, (4, 2, 4), (256,) * 3)}
    with pytest.raises(UserError, match="layers differ"):
        sizes_for(ragged, 1000)
