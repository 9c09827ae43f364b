"""Which pixels the Evaluate dock compares; layers without a window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_selfseg.widgets.evaluate._comparison import resolve, whole_numbers
from napari_selfseg.widgets.evaluate._place import part_over

WHOLE = np.arange(6 * 8 * 10).reshape(6, 8, 10)
TURNED = {"scale": (3, 0.5, 2), "translate": (1, 2, 3), "shear": (0, 0, 0.2)}


def layer(data, name="truth", **settings):
    return Labels(data, name=name, **settings)


def crop(whole, index, name="mine"):
    """Labels of a part of a layer, where that part lies."""
    start = [each.start or 0 for each in index]
    data_to_world = whole.data_to_world
    step = np.array([data_to_world(each) for each in np.eye(whole.ndim)]) - data_to_world([0] * 3)
    settings = {name: getattr(whole, name) for name in ("scale", "rotate", "shear")}
    translate = np.asarray(whole.translate) + start @ step
    return layer(whole.data[index], name=name, translate=translate, **settings)


@pytest.mark.parametrize("settings", [{}, TURNED])
def test_a_part_is_found_where_it_lies(settings):
    whole = layer(WHOLE, **settings)
    index = (slice(2, 5), slice(1, 8), slice(3, 4))
    part = part_over(whole, crop(whole, index))
    assert part.index == index
    np.testing.assert_array_equal(part.read(), WHOLE[2:5, 1:8, 3])


def test_a_plane_of_a_volume_is_a_plane_and_lies_under_flat_truth():
    whole = layer(WHOLE, **TURNED)
    plane = crop(whole, (slice(4, 5), slice(None), slice(None)))
    np.testing.assert_array_equal(part_over(whole, plane).read(), WHOLE[4])
    scaled = layer(WHOLE, scale=(3, 0.5, 2))
    plane = crop(scaled, (slice(4, 5), slice(None), slice(None)))
    flat = layer(WHOLE[4] + 7, name="flat")
    np.testing.assert_array_equal(part_over(flat, plane).read(), WHOLE[4] + 7)
    with pytest.raises(ValueError, match="flat has 2 axes and truth has 3"):
        part_over(flat, whole)
    with pytest.raises(ValueError, match="truth has 3 axes and flat has 2"):
        part_over(whole, flat)


def test_truth_from_a_file_without_a_pixel_size_is_taken_pixel_by_pixel():
    mine = layer(WHOLE, name="mine", scale=(3, 0.5, 0.5))
    assert part_over(layer(WHOLE + 1), mine).read()[1, 2, 3] == WHOLE[1, 2, 3] + 1


def test_colours_and_levels_are_left_out():
    image = Image(np.zeros((8, 10, 4), np.uint8), rgb=True, name="image")
    assert part_over(image, layer(WHOLE[0])).read().shape == (8, 10, 3)
    levels = layer([WHOLE[0], WHOLE[0, ::2, ::2]], multiscale=True)
    np.testing.assert_array_equal(part_over(levels, layer(WHOLE[1], name="mine")).read(), WHOLE[0])


@pytest.mark.parametrize(
    ("truth", "settings", "words"),
    [
        (WHOLE[0, :5], {}, r"truth has shape \(5, 10\) and mine has shape \(8, 10\)"),
        (WHOLE[0], {"translate": (0, 4)}, "truth does not cover mine"),
        (WHOLE[0], {"translate": (0, 4), "scale": (2, 2)}, "different size or direction"),
        (WHOLE[0], {"translate": (0, 4), "rotate": 40}, "askew"),
        (WHOLE[0, :5], {"scale": (2, 2)}, r"shape \(5, 10\) and mine has shape \(8, 10\)"),
    ],
)
def test_what_does_not_lie_over_each_other_is_a_sentence(truth, settings, words):
    with pytest.raises(ValueError, match=words):
        part_over(layer(truth, **settings), layer(WHOLE[0], name="mine"))


def test_the_smallest_labels_say_what_is_compared():
    whole = layer(WHOLE, name="whole")
    part = crop(whole, (slice(2, 5), slice(0, 8), slice(0, 10)), name="part")
    truth = layer(WHOLE)
    wanted = resolve([whole, part], [truth], Image(WHOLE.astype(float)), "0, 255", "0 -1")
    every = [*wanted.labels, *wanted.truths, wanted.image]
    assert [each.shape for each in every] == [(3, 8, 10)] * 4
    assert (wanted.cropped, wanted.ignore, wanted.background) == ("part", (0, 255), (0, -1))
    assert resolve([whole], [truth]).cropped == ""


def test_spacing_counts_only_where_pixels_are_not_square():
    assert resolve([layer(WHOLE, scale=(0.3, 0.3, 0.3))]).spacing is None
    assert resolve([layer(WHOLE, scale=(-6, 0.5, 1))]).spacing == (12, 1, 2)
    assert resolve([layer(WHOLE[:1], scale=(6, 0.5, 1))]).spacing == (1, 2)


def test_what_is_filled_in_wrong_is_a_sentence():
    mine, truth = layer(WHOLE, name="mine"), layer(WHOLE)
    with pytest.raises(ValueError, match="Check the labels"):
        resolve([], [truth])
    with pytest.raises(ValueError, match="truth is checked as labels and as truth"):
        resolve([mine, truth], [truth])
    with pytest.raises(ValueError, match=r"Ignored labels are whole numbers.*'1\.5'"):
        resolve([mine], [truth], ignore="1.5")
    with pytest.raises(ValueError, match="Background labels are whole numbers"):
        resolve([mine], [truth], background="zero")
    assert whole_numbers(" ", "") == ()
