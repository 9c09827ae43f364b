"""Objects corrected by hand: what each edit does, and that all of it can be taken back."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import disk

from napari_selfseg.editing import Edit, Evidence, ObjectEdits, apply_edits

SHAPE = (80, 80)
# Two that touch, and are one; one alone; one that was missed.
TWINS, ALONE, MISSED = [(20, 20), (20, 34)], (60, 20), (60, 60)
BETWEEN = [(5, 27), (35, 27)]


def discs(*centres, radius=8, shape=SHAPE):
    mask = np.zeros(shape, bool)
    for centre in centres:
        mask[disk(centre, radius, shape=shape)] = True
    return mask


def picture(seed=0):
    """Bright discs, one more than there are objects."""
    bright = discs(*TWINS, ALONE, MISSED).astype(np.float32)
    return bright + np.random.default_rng(seed).normal(0, 0.1, SHAPE).astype(np.float32)


def found():
    labels = np.zeros(SHAPE, np.uint16)
    labels[discs(*TWINS)], labels[discs(ALONE)] = 1, 2
    return labels


@pytest.fixture
def objects():
    return ObjectEdits(found(), Evidence(picture()))


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


def test_merging_keeps_the_first_number(objects):
    assert objects.merge([ALONE, TWINS[0]]) == "Merged 2 objects: they are object 2 now."
    assert (objects.count, objects.at(TWINS[0]), objects.at(TWINS[1])) == (1, 2, 2)


def test_a_line_cuts_the_object_it_lies_in(objects):
    assert objects.split(BETWEEN) == "Split 1 into 2."
    one, other = objects.at(TWINS[0]), objects.at(TWINS[1])
    assert {one, other} == {1, 3}
    for centre, number in zip(TWINS, (one, other), strict=True):
        assert iou(objects.labels == number, discs(centre)) > 0.9
    assert objects.at(ALONE) == 2


def test_a_line_that_is_too_short_is_lengthened(objects):
    objects.split([(18, 27), (22, 27)])
    assert objects.count == 3


def test_a_line_beside_all_objects_is_refused_and_changes_nothing(objects):
    before = objects.labels.copy()
    with pytest.raises(ValueError, match="crosses no object"):
        objects.split([(45, 5), (45, 70)])
    np.testing.assert_array_equal(objects.labels, before)
    assert not objects.edits
    assert not objects.undoable


def test_a_click_grows_what_was_missed(objects):
    assert objects.add(MISSED).startswith("Added object 3")
    assert iou(objects.labels == 3, discs(MISSED)) > 0.9
    np.testing.assert_array_equal(np.where(objects.labels == 3, 0, objects.labels), found())


def test_a_grown_object_leaves_its_neighbours_alone():
    labels = np.where(discs(TWINS[0]), 1, 0).astype(np.uint16)
    objects = ObjectEdits(labels, Evidence(picture()))
    objects.add(TWINS[1])
    np.testing.assert_array_equal(labels == 1, discs(TWINS[0]))
    assert iou(labels == 2, discs(TWINS[1]) & ~discs(TWINS[0])) > 0.85


def glowing(sigma, height):
    """In place of what was missed a dim spot without an edge."""
    y, x = np.indices(SHAPE)
    away = (y - MISSED[0]) ** 2 + (x - MISSED[1]) ** 2
    noise = np.random.default_rng(2).normal(0, 0.01, SHAPE)
    image = np.where(discs(MISSED), 0, picture()) + noise
    return (image + height * np.exp(-away / (2 * sigma**2))).astype(np.float32)


def test_what_is_dim_grows_and_does_not_flow_over():
    objects = ObjectEdits(found(), Evidence(glowing(9, 0.5)))
    objects.add(MISSED)
    assert 200 < objects.size(3) < 572  # at most twice the usual
    objects = ObjectEdits(found(), Evidence(glowing(16, 0.3)))
    with pytest.raises(ValueError, match="Nothing here stands out"):
        objects.add(MISSED)


def test_a_large_object_grows_among_small_ones():
    labels = np.where(discs(TWINS[0], TWINS[1], ALONE, radius=4), 1, 0).astype(np.uint16)
    labels[discs(TWINS[1], radius=4)], labels[discs(ALONE, radius=4)] = 2, 3
    labels[discs((30, 70))] = 4
    bright = discs(TWINS[0], TWINS[1], ALONE, radius=4) | discs((30, 70), MISSED)
    noise = np.random.default_rng(0).normal(0, 0.05, SHAPE)
    objects = ObjectEdits(labels, Evidence((bright + noise).astype(np.float32)))
    objects.add(MISSED)
    assert iou(objects.labels == 5, discs(MISSED)) > 0.9


def test_dark_objects_grow_as_bright_ones_do():
    objects = ObjectEdits(found(), Evidence(1 - picture()))
    objects.add(MISSED)
    assert iou(objects.labels == 3, discs(MISSED)) > 0.9


def test_the_channel_that_tells_objects_is_taken():
    noise = np.random.default_rng(1).normal(0, 1, SHAPE).astype(np.float32)
    objects = ObjectEdits(found(), Evidence(np.stack((noise, picture()), -1), channel_axis=-1))
    objects.add(MISSED)
    assert iou(objects.labels == 3, discs(MISSED)) > 0.9


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ((42, 42), "Nothing here stands out"),
        (ALONE, "an object here already"),
        ((99, 0), "outside"),
    ],
)
def test_where_nothing_can_be_grown_a_sentence_says_why(objects, point, words):
    with pytest.raises(ValueError, match=words):
        objects.add(point)


def test_classes_follow_the_objects(objects):
    objects.classify([TWINS[0], ALONE], 2)
    objects.split(BETWEEN)
    assert objects.classes == {1: 2, 2: 2, 3: 2}
    objects.delete([ALONE])
    assert objects.classes == {1: 2, 3: 2}
    objects.merge(TWINS)
    assert len(objects.classes) == 1
    while objects.undo():
        pass
    assert objects.classes == {}
    while objects.redo():
        pass
    assert len(objects.classes) == 1


def test_what_was_painted_is_an_edit_as_others_are(objects):
    labels, where = objects.labels, np.flatnonzero(discs((40, 60), radius=4).ravel())
    before = labels.ravel()[where].copy()
    labels[discs((40, 60), radius=4)] = 7
    objects.painted(where, before, 7)
    assert objects.count == 3
    np.testing.assert_array_equal(apply_edits(found(), objects.edits).labels, labels)
    assert objects.undo() == "Painted label 7."
    np.testing.assert_array_equal(labels, found())


def point_in(objects, number):
    """A pixel of an object."""
    return tuple(np.argwhere(objects.labels == number)[0].tolist())


def some_edit(objects, rng):
    """Do something a person might do."""
    numbers = list(objects.numbers)
    points = [point_in(objects, each) for each in rng.permutation(numbers)[:2]]
    kind = rng.choice(["merge", "split", "delete", "add", "class", "paint"])
    if kind == "paint":
        mask = discs(tuple(rng.integers(0, 80, 2)), radius=3)
        mask &= objects.labels != 1
        where = np.flatnonzero(mask.ravel())
        before = objects.labels.ravel()[where].copy()
        objects.labels[mask] = 1
        objects.painted(where, before, 1)
    elif kind == "split":
        objects.split(rng.integers(0, 80, (2, 2)))
    elif kind == "add":
        objects.add(rng.integers(0, 80, 2))
    elif kind == "class":
        objects.classify(points, int(rng.integers(0, 3)))
    elif kind == "merge":
        objects.merge(points)
    elif len(numbers) > 2:
        objects.delete(points[:1])


@pytest.mark.parametrize("seed", [0, 1])
def test_fifty_edits_undone_give_the_labels_before_and_redone_those_after(objects, seed):
    rng, states = np.random.default_rng(seed), [(objects.labels.copy(), {})]
    while len(states) <= 50:
        try:
            some_edit(objects, rng)
        except ValueError:
            continue
        if len(objects.edits) == len(states):
            states.append((objects.labels.copy(), objects.classes))
    assert {each.kind for each in objects.edits} == {
        *("merge", "split", "delete", "add", "class", "paint")
    }
    for labels, classes in states[-2::-1]:
        assert objects.undo()
        np.testing.assert_array_equal(objects.labels, labels)
        assert objects.classes == classes
    assert not objects.undo()
    for labels, classes in states[1:]:
        assert objects.redo()
        np.testing.assert_array_equal(objects.labels, labels)
        assert objects.classes == classes


def test_edits_made_again_give_the_same_labels_also_after_some_were_undone(objects):
    rng = np.random.default_rng(3)
    for _ in range(60):
        try:
            some_edit(objects, rng)
        except ValueError:
            continue
        if rng.random() < 0.3:
            objects.undo()
    recorded = [each.as_record() for each in objects.edits]
    again = apply_edits(found(), recorded, image=picture())
    np.testing.assert_array_equal(again.labels, objects.labels)
    assert again.classes == objects.classes
    assert again.labels.dtype == np.uint16


def test_a_number_that_was_taken_back_is_given_again(objects):
    objects.split(BETWEEN)
    objects.undo()
    objects.add(MISSED)
    assert objects.at(MISSED) == 3
    again = apply_edits(found(), objects.edits, image=picture())
    np.testing.assert_array_equal(again.labels, objects.labels)


def test_undoing_is_bounded_but_the_record_is_whole():
    objects = ObjectEdits(found(), budget=1)
    objects.split(BETWEEN)
    objects.delete([ALONE])
    assert objects.undo()
    assert not objects.undo()
    assert [each.kind for each in objects.edits] == ["split"]


def ball(centre, radius, shape):
    z, y, x = np.indices(shape)
    return sum((a - b) ** 2 for a, b in zip((z, y, x), centre, strict=True)) <= radius**2


def test_in_a_volume_a_cut_goes_on_along_the_axis_one_looks_along():
    shape = (24, 40, 40)
    labels = (ball((12, 14, 14), 7, shape) | ball((12, 14, 26), 7, shape)).astype(np.uint16)
    before = labels.copy()
    objects = ObjectEdits(labels)
    with pytest.raises(ValueError, match="say which"):
        objects.split([(12, 3, 20), (12, 25, 20)])
    objects.split([(12, 3, 20), (12, 25, 20)], axis=0)
    assert objects.count == 2
    assert iou(labels == objects.at((12, 14, 14)), ball((12, 14, 14), 7, shape)) > 0.85
    objects.undo()
    np.testing.assert_array_equal(labels, before)


def test_in_a_volume_an_object_grows_in_all_directions():
    shape = (24, 40, 40)
    missed = ball((12, 28, 28), 7, shape)
    image = ball((12, 10, 10), 7, shape) | missed
    image = image + np.random.default_rng(0).normal(0, 0.1, shape)
    objects = ObjectEdits(ball((12, 10, 10), 7, shape).astype(np.uint16), Evidence(image))
    objects.add((12, 28, 28))
    assert iou(objects.labels == 2, missed) > 0.85


def test_in_a_stack_an_edit_changes_one_image():
    labels, image = np.stack([found()] * 3), np.stack([picture()] * 3)
    objects = ObjectEdits(labels, Evidence(image), axes=(0,))
    objects.split([(1, *each) for each in BETWEEN])
    objects.add((2, *MISSED))
    objects.delete([(2, *ALONE)])
    np.testing.assert_array_equal(labels[0], found())
    assert len(np.unique(labels[1])) == 4
    assert labels[2][MISSED] == 4
    assert not labels[2][ALONE]
    assert labels[1][ALONE] == 2
    with pytest.raises(ValueError, match="different images"):
        objects.merge([(0, *ALONE), (1, *TWINS[0])])
    edits = [each.as_record() for each in objects.edits]
    again = apply_edits(np.stack([found()] * 3), edits, image=image, axes=(0,))
    np.testing.assert_array_equal(again.labels, labels)


@pytest.mark.parametrize(
    "damaged",
    [
        {"kind": "explode"},
        {"kind": "merge", "points": [[1, 2]]},
        {"points": [[1, 2]]},
        {"kind": "delete", "points": [[1, 2], [1]]},
        {"kind": "paint", "runs": [0]},
    ],
)
def test_a_damaged_edit_is_refused(damaged):
    with pytest.raises(ValueError, match=r"edit"):
        Edit.of(damaged)


def test_what_was_painted_outside_is_refused():
    with pytest.raises(ValueError, match="outside of the labels"):
        apply_edits(found(), [{"kind": "paint", "runs": [6399, 2], "number": 1}])
