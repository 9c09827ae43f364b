"""Arrays from the user: what is taken, what is refused, and in which words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_selfseg.protocol import Control, as_superpixels
from napari_selfseg.protocol._given._checks import (
    as_channels_first,
    as_list,
    as_mask,
    as_scribbles,
    as_spacing,
    check_images,
)
from napari_selfseg.protocol._method._inputs import gather

PLANE = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize(
    ("shape", "channel_axis", "expected"),
    [
        ((5, 6), None, (1, 5, 6)),
        ((5, 6, 7), None, (1, 5, 6, 7)),
        ((5, 6, 2), -1, (2, 5, 6)),
        ((5, 2, 6), 1, (2, 5, 6)),
        ((2, 5, 6), -3, (2, 5, 6)),
        ((5, 6, 7, 3), 3, (3, 5, 6, 7)),
        ((1, 1), None, (1, 1, 1)),
    ],
)
def test_channels_come_first(shape, channel_axis, expected):
    image = np.arange(np.prod(shape)).reshape(shape)
    found = as_channels_first(image, channel_axis, (2, 3))
    assert found.shape == expected
    moved = image[None] if channel_axis is None else np.moveaxis(image, channel_axis, 0)
    np.testing.assert_array_equal(found, moved)


@pytest.mark.parametrize("image", [[[1, 2], [3, 4]], torch.ones(2, 2), PLANE > 3, PLANE.tolist()])
def test_anything_numpy_reads_is_an_image(image):
    assert as_channels_first(image, None, (2,)).ndim == 3


@pytest.mark.parametrize(
    ("image", "channel_axis", "sentence"),
    [
        (np.zeros((0, 4)), None, r"The image is empty: its shape is \(0, 4\)"),
        (np.zeros((4, 4, 0)), -1, "The image is empty"),
        (np.zeros((4, 4), object), None, "An image needs real numbers, not object values"),
        (np.zeros((4, 4), complex), None, "An image needs real numbers, not complex128 values"),
        (np.full((4, 4), "a"), None, "An image needs real numbers, not <U1 values"),
        (None, None, "An image needs real numbers, not object values"),
        (np.zeros((4, 4)), 2, r"There is no axis 2 in an image of shape \(4, 4\)"),
        (np.zeros((4, 4, 3)), -4, r"There is no axis -4 in an image of shape \(4, 4, 3\)"),
        (np.float32(3), None, r"shape \(\) has 0 spatial axes where 2 or 3 can be used: say"),
        (np.float32(3), 0, "There is no axis 0"),
        (np.zeros(4), None, r"shape \(4,\) has 1 spatial axes"),
        (np.zeros((4, 4)), 0, r"shape \(4,\) has 1 spatial axes"),
        (np.zeros((2, 4, 4, 4)), None, r"has 4 spatial axes where 2 or 3 .*\(channel_axis\)"),
    ],
)
def test_what_is_no_image_is_refused_in_a_sentence(image, channel_axis, sentence):
    with pytest.raises(ValueError, match=sentence):
        as_channels_first(image, channel_axis, (2, 3))


def test_a_method_for_planes_refuses_a_volume():
    with pytest.raises(ValueError, match="has 3 spatial axes where 2 can be used"):
        as_channels_first(np.zeros((4, 4, 4)), None, (2,))


@pytest.mark.parametrize("channels", [3, 4])
def test_a_volume_that_looks_like_colours_is_doubted(channels):
    with pytest.warns(UserWarning, match="taken as a volume; if its last axis holds colours"):
        as_channels_first(np.zeros((8, 8, channels)), None, (2, 3))


def test_masks():
    assert as_mask(None, (3, 4)) is None
    assert as_mask(np.ones((3, 4)), (3, 4)) is None
    np.testing.assert_array_equal(as_mask(PLANE, (3, 4)), PLANE > 0)
    for bad, sentence in [
        (np.ones((4, 3)), r"The mask has shape \(4, 3\) and the image \(3, 4\)"),
        (np.ones((3, 4, 1)), "The mask has shape"),
        (np.zeros((3, 4)), "The mask leaves no pixel: mark"),
        (False, "The mask has shape"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            as_mask(bad, (3, 4))


def test_scribbles():
    drawn = np.zeros((3, 4), np.uint8)
    assert as_scribbles(None, (3, 4), 5) is None
    assert as_scribbles(drawn, (3, 4), 5) is None
    drawn[1, 1] = 5
    assert as_scribbles(drawn, (3, 4), 5).dtype == np.int64
    for bad, sentence in [
        (drawn.astype(float), "Scribbles are a labels array: whole numbers"),
        (drawn.astype(int) - 1, "Scribbles are a labels array: .* 0 where nothing was drawn"),
        (drawn[:, 1:], r"The scribbles have shape \(3, 3\) and the image \(3, 4\)"),
        (drawn + np.uint8(1), "name class 6, the method has 5: draw with labels 1 to 5"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            as_scribbles(bad, (3, 4), 5)


@pytest.mark.parametrize("spacing", [(1,), (1, 1, 1), (0, 1), (-1, 1), (1, np.nan), (np.inf, 1)])
def test_spacing_of_wrong_numbers(spacing):
    with pytest.raises(ValueError, match="The spacing needs 2 positive numbers, one an axis, not"):
        as_spacing(spacing, 2)


@pytest.mark.parametrize("spacing", [0.5, "ab", ("a", "b"), (None, 1)])
def test_spacing_that_is_no_numbers(spacing):
    with pytest.raises(ValueError, match="The spacing needs 2 positive numbers"):
        as_spacing(spacing, 2)


def test_spacing():
    assert as_spacing(None, 3) == (1.0, 1.0, 1.0)
    assert as_spacing(np.array([2, 1]), 2) == (2.0, 1.0)


@pytest.mark.parametrize(("value", "expected"), [([1, 2], [1, 2]), ((1,), [1]), (1, [1])])
def test_lists(value, expected):
    assert as_list(value) == expected


def test_an_array_is_one_image():
    (found,) = as_list(PLANE)
    assert found is PLANE


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers_are_counted_unless_masked(bad):
    image, mask = np.stack([PLANE, PLANE]), np.ones((3, 4), bool)
    image[0, 1, 2] = image[1, 1, 2] = image[1, 0, 0] = bad
    with pytest.raises(ValueError, match=r"NaN or infinite values in 2 pixels: replace"):
        check_images([image], [None])
    mask[1, 2] = False
    with pytest.raises(ValueError, match="NaN or infinite values in 1 pixel:"):
        check_images([image], [mask])
    mask[0, 0] = False
    check_images([image], [mask])


def test_constant_images_are_refused():
    with pytest.raises(ValueError, match=r"constant \(every pixel is \[7, 9\]\): there is nothing"):
        check_images([np.full((2, 3, 4), 7) + np.array([[[0]], [[2]]])], [None])
    with pytest.raises(ValueError, match="constant"):
        check_images([PLANE[None, :1, :1]], [None])
    with pytest.raises(ValueError, match="constant"):
        check_images([PLANE[None]], [PLANE == 3])
    check_images([np.stack([PLANE, np.ones_like(PLANE)])], [None])


@pytest.mark.parametrize(
    "other", [np.stack([PLANE, PLANE]), PLANE[None].astype(np.float64), PLANE[None, None]]
)
def test_images_of_a_common_fit_must_match(other):
    with pytest.raises(ValueError, match="need the same channels, axes and data type"):
        check_images([PLANE[None], other], [None, None])


def gathered(images, masks=None, superpixels=None, scribbles=None):
    none = [None] * len(images)
    where, control = torch.device("cpu"), Control()
    return gather(
        images, masks or none, superpixels, scribbles or none, where, torch.float32, control
    )


def test_one_image_is_handed_over_as_it_is():
    found = gathered([PLANE[None]], superpixels=[np.ones((3, 4), np.int32)])
    assert found.x.tolist() == [[PLANE.tolist()]]
    assert found.valid is None
    assert found.scribbles is None
    assert found.index.tolist() == np.ones((1, 3, 4), int).tolist()
    assert found.n_regions == 1


def test_images_of_different_shapes_are_padded_without_data():
    small, large = np.ones((2, 2, 3), np.float32), np.ones((2, 1, 5), np.float32)
    found = gathered([small, large])
    assert found.x.shape == (2, 2, 2, 5)
    expected = [[[True] * 3 + [False] * 2] * 2, [[True] * 5, [False] * 5]]
    assert found.valid[:, 0].tolist() == expected
    assert (found.x == found.valid).all()
    assert found.index is None
    assert found.n_regions == 0


def test_superpixels_are_numbered_through_and_zero_stays_zero():
    one, other = np.array([[0, 2], [1, 1]], np.int32), np.array([[1, 2, 0]], np.int32)
    images = [np.ones((1, *each.shape), np.float32) for each in (one, other)]
    found = gathered(images, superpixels=[one, other])
    assert found.index.tolist() == [[[0, 2, 0], [1, 1, 0]], [[3, 4, 0], [0, 0, 0]]]
    assert found.n_regions == 4


def test_scribbles_count_from_zero_and_minus_one_is_none():
    drawn = np.array([[0, 3], [1, 0]])
    images = [np.ones((1, 2, 2), np.float32), np.ones((1, 2, 3), np.float32)]
    found = gathered(images, scribbles=[drawn, None])
    assert found.scribbles.tolist() == [[[-1, 2, -1], [0, -1, -1]], [[-1] * 3, [-1] * 3]]


def test_label_arrays_are_numbered_in_order():
    labels = np.array([[7, 0, 300], [7, 7, 12]])
    found = as_superpixels(labels, (2, 3))
    assert found.dtype == np.int32
    assert found.tolist() == [[1, 0, 3], [1, 1, 2]]
    assert as_superpixels(labels, (2, 3), labels != 300).tolist() == [[1, 0, 0], [1, 1, 2]]
    assert as_superpixels(labels + 1, (2, 3)).min() == 1
    assert as_superpixels(labels > 0, (2, 3)).tolist() == [[1, 0, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.ones((2, 3)), "whole numbers, not float64"),
        (np.ones((3, 2), int), r"have shape \(3, 2\) and the image \(2, 3\)"),
        (np.full((2, 3), -1), "negative"),
        (np.zeros((2, 3), int), "0 everywhere|no pixel with data"),
        ([[1, 2, 3], [4, 5, None]], "whole numbers, not object"),
    ],
)
def test_what_are_no_superpixels_is_refused(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        as_superpixels(labels, (2, 3))


def test_superpixels_outside_the_mask_do_not_count():
    labels = np.array([[1, 0]])
    with pytest.raises(ValueError, match=r"0 everywhere|no pixel with data"):
        as_superpixels(labels, (1, 2), labels == 0)
