"""Grey levels of any type between 0 and 1."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_selfseg.protocol import Scaling

relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
TYPES = st.sampled_from([np.bool_, np.uint8, np.uint16, np.int8, np.int32, np.int64, np.float32])
IMAGES = TYPES.flatmap(
    lambda dtype: npst.arrays(
        dtype, npst.array_shapes(min_dims=3, max_dims=4, max_side=4), elements=numbers(dtype)
    )
)


def numbers(dtype):
    return (
        st.floats(-1e6, 1e6, width=32) if dtype is np.float32 else npst.from_dtype(np.dtype(dtype))
    )


def scaled(image, mask=None):
    return Scaling.measured([image], [mask])(image, mask)


def ramp(dtype, channels=1):
    rows = np.arange(2000, dtype=np.int64) % 251
    return np.stack([rows.reshape(40, 50) + 2 * c for c in range(channels)]).astype(dtype)


@relaxed
@given(IMAGES)
def test_every_image_ends_between_zero_and_one(image):
    found = scaled(image)
    assert found.dtype == np.float32
    assert found.shape == image.shape
    assert ((found >= 0) & (found <= 1)).all()


def test_bytes_are_divided_by_255():
    image = ramp(np.uint8)
    np.testing.assert_array_equal(scaled(image), (image / np.float32(255)).astype(np.float32))
    assert scaled(image).max() < 1


def test_bool_is_kept():
    image = ramp(np.uint8) > 7
    np.testing.assert_array_equal(scaled(image), image.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int64, np.float16, np.float32, float])
def test_other_types_map_their_percentiles(dtype):
    image = ramp(dtype, channels=2)
    for channel, found in zip(image, scaled(image), strict=True):
        low, high = np.percentile(channel.astype(float), [0.1, 99.9])
        expected = np.clip((channel.astype(float) - low) / (high - low), 0, 1)
        np.testing.assert_allclose(found, expected, atol=2e-7)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_a_few_hot_pixels_do_not_darken_the_rest(dtype):
    image = ramp(dtype)
    hot = image.copy()
    hot[0, 0, 0] = np.finfo(dtype).max if np.dtype(dtype).kind == "f" else 65535
    np.testing.assert_allclose(scaled(hot)[0, 1:], scaled(image)[0, 1:], atol=0.02)
    assert scaled(hot)[0, 0, 0] == 1


def test_a_no_data_number_of_geotiff_is_clipped_silently():
    image = ramp(np.float32) / np.float32(1e4)
    image[0, 0, 0] = -3.4028235e38
    assert scaled(image)[0, 0, 0] == 0


def test_large_integers_keep_their_differences():
    image = ramp(np.int64) + 2**40
    np.testing.assert_allclose(scaled(image), scaled(ramp(np.int64)), atol=1e-6)


@pytest.mark.parametrize("level", [0.0, -3.5, 7.0, 1e20, -1e300])
def test_a_channel_without_spread_becomes_zero(level):
    image = np.concatenate([ramp(float), np.full((1, 40, 50), level)])
    found = scaled(image)
    assert not found[1].any()
    np.testing.assert_array_equal(found[0], scaled(image[:1])[0])


def test_what_the_mask_hides_is_not_measured_and_is_0():
    image, mask = ramp(np.float32, channels=2), np.ones((40, 50), bool)
    mask[:20] = False
    image[:, :20] = np.nan
    image[:, 0] = -np.inf
    found = scaled(image, mask)
    np.testing.assert_array_equal(found[:, mask], scaled(image[:, 20:]).reshape(2, -1))
    assert not found[:, ~mask].any()


def test_several_images_share_one_scale():
    image = ramp(np.uint16)
    one, other = image[:, :20], image[:, 20:] + 100
    together = Scaling.measured([one, other], [None, None])
    both = np.concatenate([one, other], axis=1)
    assert together == Scaling.measured([both], [None])
    assert together != Scaling.measured([one], [None])


def test_another_image_is_scaled_the_same_way():
    scaling = Scaling.measured([ramp(np.uint16)], [None])
    image = np.array([[[scaling.low[0], scaling.high[0], 10**4, 0]]])
    np.testing.assert_allclose(scaling(image), [[[0, 1, 1, 0]]])


def test_the_image_is_left_alone():
    image = ramp(np.float32)
    before = image.copy()
    scaled(image, image[0] > 3)
    np.testing.assert_array_equal(image, before)


def test_a_large_image_is_sampled_over_its_whole_extent(monkeypatch):
    monkeypatch.setattr("napari_selfseg.protocol._given._scaling.SAMPLE", 100)
    image = np.arange(10_000, dtype=np.uint16).reshape(1, 100, 100)
    found = Scaling.measured([image], [None])
    assert found.low[0] < 300
    assert found.high[0] > 9700


LEVELS = Scaling((0.0,), (255.0,))
FRACTIONS = Scaling((0.02,), (0.97,))
REFUSED = "The grey values of this image ({}) are far from those the fit was made on ({}): convert"


def row(*values, dtype=float):
    return np.array([[values]], dtype)


@pytest.mark.parametrize(
    ("scaling", "image", "ranges"),
    [
        (LEVELS, row(0, 0.3, 1), ("0 to 1", "0 to 255")),
        (LEVELS, row(-1, 0.5, dtype=np.float32), ("-1 to 0.5", "0 to 255")),
        (LEVELS, row(0.25, 0.25), ("0.25 to 0.25", "0 to 255")),
        (Scaling((104.0,), (3981.0,)), row(0, 0.5, 1), ("0 to 1", "104 to 3981")),
        (Scaling((104.0,), (981.3,)), row(0, 0.5, 1), ("0 to 1", "104 to 981.3")),
        (FRACTIONS, row(0, 17, 255, dtype=np.uint8), ("0 to 255", "0.02 to 0.97")),
        (FRACTIONS, row(0, 2, dtype=np.int32), ("0 to 2", "0.02 to 0.97")),
        (Scaling((0.0,), (0.3,)), row(90, 4000, dtype=np.uint16), ("90 to 4000", "0 to 0.3")),
    ],
)
def test_fractions_and_grey_levels_are_told_apart(scaling, image, ranges):
    with pytest.raises(ValueError, match=re.escape(REFUSED.format(*ranges))):
        scaling.check_units(image)


@pytest.mark.parametrize(
    ("scaling", "image"),
    [
        # Dark slices of the same stack.
        (LEVELS, row(0, 1, 1, dtype=np.uint8)),
        (LEVELS, row(0, 0, dtype=np.uint8)),
        (LEVELS, row(0, 1, 0)),
        (LEVELS, row(0, 0.4, 1.2)),
        (Scaling((104.0,), (3981.0,)), row(99, 101, dtype=np.uint16)),
        (Scaling((103.7,), (3981.3,)), row(0.1, 0.9)),
        (Scaling((0.0,), (3981.3,)), row(0.1, 0.9)),
        (FRACTIONS, row(0, 0.001)),
        # Brighter ones.
        (Scaling((3.0,), (8.0,)), row(90, 4000, dtype=np.uint16)),
        (FRACTIONS, row(0.5, 80.0)),
        # A mask, or counts of which almost none is above 1.
        (Scaling((0.0,), (1.0,)), row(0, 255, dtype=np.uint8)),
        # One channel of little contrast does not say that there were no fractions.
        (Scaling((0.0, 0.0), (255.0, 1.0)), np.full((2, 1, 3), 0.5)),
        (LEVELS, row(0, 200.5)),
        (FRACTIONS, row(0, 1, dtype=np.uint8)),
    ],
)
def test_what_may_be_of_the_same_data_passes(scaling, image):
    scaling.check_units(image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, bool])
@pytest.mark.parametrize("level", [0, 0.01, 0.1, 1])
def test_a_darker_picture_of_the_same_type_always_passes(dtype, level):
    bright = np.random.default_rng(0).gamma(2, 400, (1, 40, 50))
    image = bright if dtype in (np.uint16, np.int32, np.float32) else bright / bright.max() * 255
    if dtype is bool:
        image = image > 60
    scaling = Scaling.measured([image.astype(dtype)], [None])
    scaling.check_units((image * level).astype(dtype))


def test_pixels_without_data_say_nothing_of_the_units():
    mask = np.array([[True, True, False]])
    with pytest.raises(ValueError, match=r"0 to 0\.5"):
        LEVELS.check_units(row(0, 0.5, 9000), mask)
    LEVELS.check_units(row(0, 100, 0.5), mask)
