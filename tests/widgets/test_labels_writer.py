"""Labels written into a layer."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_selfseg.widgets.canvas.labels_writer import LabelsWriter

ONES, TWOS = (np.full((4, 6), k, np.uint8) for k in (1, 2))


def writer():
    return LabelsWriter(Labels(np.zeros((1, 4, 6), np.uint8)))


def test_labels_are_written_where_they_are():
    made = writer()
    before = made.layer.data
    made.write(ONES)
    assert made.layer.data is before
    np.testing.assert_array_equal(before[0], ONES)


def test_labels_of_another_type_are_put_there_and_not_shared():
    made, labels = writer(), ONES.astype(np.uint16)
    made.write(labels)
    assert made.layer.data.dtype == np.uint16
    made.write(2 * labels)
    np.testing.assert_array_equal(labels, ONES)


def test_an_array_of_somebody_else_is_replaced_and_stays_what_it_is():
    made, theirs = writer(), np.full((1, 4, 6), 7, np.uint8)
    made.layer.data = theirs
    made.write(ONES)
    made.write(TWOS)
    assert (theirs == 7).all()
    np.testing.assert_array_equal(made.layer.data[0], TWOS)


def test_an_array_of_another_shape_is_replaced():
    made = writer()
    made.layer.data = np.ones((2, 2), np.uint8)
    made.write(TWOS)
    np.testing.assert_array_equal(made.layer.data, TWOS[None])


@pytest.mark.viewer
def test_labels_of_another_type_are_drawn_over_what_is_below(make_napari_viewer_proxy):
    viewer = make_napari_viewer_proxy(show=True)
    viewer.add_image(np.zeros((40, 40), np.uint8))
    viewer.add_image(np.full((40, 40), 255, np.uint8), name="what they lie on")
    writer = LabelsWriter(viewer.add_labels(np.zeros((40, 40), np.uint8), opacity=1))
    writer.write(np.ones((40, 40), np.uint16))
    seen = viewer.screenshot(canvas_only=True, flash=False)
    middle = seen[seen.shape[0] // 2, seen.shape[1] // 2, :3]
    expected = np.rint(255 * np.asarray(writer.layer.get_color(1)[:3]))
    np.testing.assert_allclose(middle, expected, atol=2)
