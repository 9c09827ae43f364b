"""An image of half the size: its pixels, its place, and where there are no data."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_selfseg.widgets.canvas.halving import add_halved, halved
from napari_selfseg.widgets.model.overlay import Void

RAMP = np.arange(7 * 10, dtype=np.uint8).reshape(7, 10)
PLACE = {"scale": (3, 0.5, 2), "translate": (1, 2, 3), "rotate": 20, "units": ("um",) * 3}


def middles(layer, array):
    """Return where in the world the middle of each pixel is."""
    places = np.stack(np.meshgrid(*map(np.arange, array.shape), indexing="ij"), axis=-1)
    return np.array([layer.data_to_world(each) for each in places.reshape(-1, array.ndim)])


def test_a_pixel_is_the_mean_of_those_in_its_place():
    found = halved(RAMP, (0, 1))
    expected = RAMP[:6].astype(float).reshape(3, 2, 5, 2).mean(axis=(1, 3))
    assert (found.shape, found.dtype) == ((4, 5), np.uint8)
    assert np.abs(found[:3] - expected).max() < 1


def test_it_lies_where_the_image_lies():
    viewer, image = ViewerModel(), np.random.default_rng(0).random((4, 6, 8))
    source = viewer.add_image(image, **PLACE, axis_labels=("z", "y", "x"))
    found = add_halved(viewer, source, halved(image, (1, 2)), (1, 2))
    pairs = middles(source, image).reshape(4, 3, 2, 4, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(middles(found, found.data), pairs.reshape(-1, 3))
    assert (found.units, found.axis_labels) == (source.units, source.axis_labels)


def test_colours_stay_colours():
    image = np.random.default_rng(0).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    viewer = ViewerModel()
    source = viewer.add_image(image, rgb=True)
    found = add_halved(viewer, source, halved(image, (0, 1)), (0, 1))
    assert isinstance(found, Image)
    assert (found.rgb, found.data.shape) == (True, (3, 4, 3))


@pytest.mark.parametrize(("void", "kind"), [(-9999, np.float32), (255, np.uint8), (None, float)])
def test_what_is_no_data_is_averaged_with_nothing(void, kind):
    image, none = RAMP.astype(kind), np.nan if void is None else void
    image[:3, :3] = none
    found = halved(image, (0, 1), Void(void))
    without = np.ma.masked_array(RAMP.astype(float), ~Void(void).mask(image, False))
    expected = without[:6].reshape(3, 2, 5, 2).mean(axis=(1, 3))
    seen = Void(void).mask(found, False)[:3]
    np.testing.assert_array_equal(seen, ~np.ma.getmaskarray(expected))
    assert np.abs(found[:3][seen] - expected.data[seen]).max() <= 2, "pairs of pairs"


def test_no_data_in_colours_are_those_in_every_channel():
    image = np.full((2, 2, 3), 9, np.uint8)
    image[0, 0], image[1, 1] = 0, (0, 9, 9)
    found = halved(image, (0, 1), Void(0), channels=True)
    assert found.tolist() == [[[6, 9, 9]]] or found.tolist() == [[[7, 9, 9]]]
