"""What was corrected is in the record, and is made again from it."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import disk

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.editing import Evidence, ObjectEdits
from napari_selfseg.scale import Recipe

HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
CENTRES = [(14, 14), (14, 40), (14, 66), (40, 14), (40, 40), (40, 66), (66, 14), (66, 40), (66, 66)]


@pytest.fixture(scope="module")
def image():
    bright = np.zeros((80, 80), np.float32)
    for centre in CENTRES:
        bright[disk(centre, 8)] = 1
    return bright + np.random.default_rng(0).normal(0, 0.08, bright.shape).astype(np.float32)


@pytest.fixture(scope="module")
def corrected(image):
    """A run of objects, corrected: record as it is read from a file, labels."""
    run = ss.segment(image, ss.Objects(iterations=3), **HERE)
    labels = run.labels().copy()
    objects = ObjectEdits(labels, Evidence(image, spacing=(1.0, 1.0)))
    assert objects.count == len(CENTRES), "test invalid"
    objects.delete([CENTRES[0]])
    objects.split([(2, 40), (26, 40)])
    objects.add(CENTRES[0])
    objects.merge([CENTRES[5], CENTRES[8]])
    objects.delete([CENTRES[8]])
    objects.undo()
    written = {**run.record(), "edits": [each.as_record() for each in objects.edits]}
    return record.loads(record.dumps(written)), labels


def test_replay_gives_the_corrected_labels(corrected, image):
    found, labels = corrected
    again = ss.replay(found, image)
    np.testing.assert_array_equal(again, labels)
    assert again.dtype == labels.dtype
    without = {key: value for key, value in found.items() if key != "edits"}
    assert not np.array_equal(ss.replay(without, image), labels), "test invalid"


def test_a_damaged_edit_in_a_record_is_refused(corrected, image):
    with pytest.raises(ValueError, match="damaged: edits"):
        ss.replay({**corrected[0], "edits": [{"kind": "explode"}]}, image)


def test_nothing_of_an_edit_becomes_code(corrected):
    found = {**corrected[0], "edits": [{"kind": "delete", "points": [["__import__('os')", 1]]}]}
    with pytest.raises(ValueError, match="damaged"):
        ss.as_script(found)


def test_corrections_are_no_recipe_for_other_images(corrected):
    with pytest.raises(ValueError, match="corrected by hand"):
        Recipe.from_record(corrected[0])


def test_a_stack_is_corrected_again_image_by_image(image):
    stack = np.stack((image, image[::-1], image))
    run = ss.over_stack(stack, ss.Objects(iterations=2), **HERE).finish()
    labels = np.array(run.out)
    objects = ObjectEdits(labels, Evidence(stack), axes=(0,))
    objects.delete([(1, *CENTRES[4])])
    objects.split([(2, 2, 40), (2, 26, 40)])
    objects.add((1, *CENTRES[4]))
    written = {**run.record(), "edits": [each.as_record() for each in objects.edits]}
    found = record.loads(record.dumps(written))
    np.testing.assert_array_equal(ss.replay_stack(found, stack), labels)
    assert "axes=[0]" in ss.as_script(found)
