from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from napari_selfseg import samples

SHAPES = {
    "fluorescence_nuclei": (256, 256),
    "histology": (256, 256, 3),
    "aerial": (320, 320, 3),
    "blobs_3d": (32, 96, 96),
    "divisions_over_time": (12, 128, 128),
}


def layer(name: str):
    (only,) = getattr(samples, name)()
    return only


def test_every_sample_is_listed() -> None:
    assert samples.names() == tuple(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_shape_and_dtype(name: str) -> None:
    array = samples.load(name)
    assert array.shape == SHAPES[name]
    assert array.dtype == np.uint8


@pytest.mark.parametrize("name", SHAPES)
def test_has_contrast(name: str) -> None:
    low, high = np.percentile(samples.load(name), (1, 99))
    assert high - low > 90


@pytest.mark.parametrize("name", SHAPES)
def test_the_same_every_time_and_never_shared(name: str) -> None:
    first, second = samples.load(name), samples.load(name)
    np.testing.assert_array_equal(first, second)
    first[...] = 0
    np.testing.assert_array_equal(samples.load(name), second)


@pytest.mark.parametrize("name", SHAPES)
def test_global_random_state_is_untouched(name: str) -> None:
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    samples.load(name)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    np.testing.assert_equal(after, before)


@pytest.mark.parametrize("name", SHAPES)
def test_layer_is_what_napari_wants(name: str) -> None:
    array, settings, kind = layer(name)
    np.testing.assert_array_equal(array, samples.load(name))
    assert kind == "image"
    assert settings["metadata"]["sample"] == name
    assert "CC0" in settings["metadata"]["source"]


@pytest.mark.parametrize("name", SHAPES)
def test_colour_is_declared(name: str) -> None:
    array, settings, _ = layer(name)
    assert settings.get("rgb", False) == (array.shape[-1] == 3)


@pytest.mark.parametrize("name", ["histology", "aerial"])
def test_colour_images_are_not_grey(name: str) -> None:
    array = samples.load(name).astype(int)
    assert np.ptp(array, axis=-1).mean() > 5


def test_volume_has_flat_voxels_and_its_balls_are_round() -> None:
    array, settings, _ = layer("blobs_3d")
    assert settings["scale"] == (2.0, 1.0, 1.0)
    assert settings["axis_labels"] == ("z", "y", "x")
    z, y, x = np.nonzero(array[2:17, 7:42, 7:42] > 120)  # around the first smooth ball
    deep, high, wide = 2 * np.ptp(z), np.ptp(y), np.ptp(x)
    assert high == pytest.approx(wide, abs=2)
    assert deep == pytest.approx(wide, abs=4)


def test_nuclei_divide_over_time() -> None:
    from skimage.measure import label

    counts = [label(frame > 90).max() for frame in samples.load("divisions_over_time")]
    assert counts[0] == 5
    assert counts[-1] == 9


def test_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no sample 'cells'.*aerial"):
        samples.load("cells")


def test_photographs_are_small() -> None:
    folder = resources.files("napari_selfseg") / "samples_data"
    assert sum(len(file.read_bytes()) for file in folder.iterdir()) < 600_000
