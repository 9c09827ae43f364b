"""Colours of labels stand off the image, and superpixels are no more than an image has room for."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from skimage.color import hsv2rgb, rgb2hsv

from napari_selfseg.samples import fluorescence_nuclei, histology
from napari_selfseg.superpixels import Quickshift, Slic
from napari_selfseg.widgets.canvas.colours.standing_off import ALL_HUES, free_hues
from napari_selfseg.widgets.canvas.label_layer import palette
from napari_selfseg.widgets.superpixels import SuperpixelsDock
from napari_selfseg.widgets.superpixels._view import suggested


def image(hue, saturation=0.6, spread=0.02):
    noise = np.random.default_rng(0).normal(scale=spread, size=(40, 40))
    hsv = np.stack([(hue + noise) % 1, np.full((40, 40), saturation), np.full((40, 40), 0.8)], -1)
    return Image((255 * hsv2rgb(hsv)).astype(np.uint8), rgb=True)


def apart(colours, hue):
    """How far the nearest colour is from a hue, around the circle."""
    hues = rgb2hsv(colours.colors[1:, :3])[:, 0]
    away = np.abs(hues - hue) % 1
    return np.minimum(away, 1 - away).min()


@pytest.mark.parametrize("hue", [0.0, 0.3, 0.9, 0.99])
def test_no_label_has_the_hue_of_the_image(hue):
    assert apart(palette(50), hue) < 0.05, "test invalid"
    assert apart(palette(50, free_hues(image(hue))), hue) > 0.15


@pytest.mark.parametrize(
    "layer",
    [Image(np.eye(40)), image(0.9, saturation=0.02), image(0.9, spread=1.0)],
    ids=["grey", "nearly grey", "all hues"],
)
def test_where_no_hue_prevails_all_are_used(layer):
    assert free_hues(layer) == ALL_HUES


def test_the_samples():
    (data, settings, _), *_ = histology()
    pink = Image(data, **settings)
    begin, reach = free_hues(pink)
    mean = np.asarray(data).reshape(-1, 3).mean(axis=0) / 255
    assert reach < 1
    assert apart(palette(20, (begin, reach)), rgb2hsv(mean)[0]) > 0.1
    (data, settings, _), *_ = fluorescence_nuclei()
    assert free_hues(Image(data, **settings)) == ALL_HUES


def test_colours_stay_apart_from_each_other():
    colours = palette(8, free_hues(image(0.9))).colors[1:, :3]
    between = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    assert between[~np.eye(8, dtype=bool)].min() > 0.25


@pytest.mark.parametrize(
    ("kind", "pixels", "wanted"),
    [
        (Slic, 256 * 256, {"n_segments": 655}),
        (Slic, 2000 * 2000, {}),
        (Slic, 50, {"n_segments": 1}),
        (Quickshift, 256 * 256, {}),
    ],
)
def test_superpixels_have_a_hundred_pixels_at_least(kind, pixels, wanted):
    assert suggested(kind, pixels) == wanted


def test_the_number_follows_the_image_until_somebody_says_another(qtbot):
    viewer = ViewerModel()
    viewer.add_image(np.zeros((100, 200)), name="small")
    dock = SuperpixelsDock(viewer)
    qtbot.addWidget(dock)
    qtbot.waitUntil(lambda: dock.view.loaded, timeout=120_000)
    view = dock.view
    view.algorithm.choose(Slic)
    assert view.values()["n_segments"] == 200
    viewer.add_image(np.zeros((2000, 2000)), name="large")
    view.image.choose(viewer.layers["large"])
    assert view.values()["n_segments"] == 10_000
    view.image.choose(viewer.layers["small"])
    assert view.values()["n_segments"] == 200
    view.fill({"n_segments": 77})
    view.image.choose(viewer.layers["large"])
    assert view.values()["n_segments"] == 77
    view.reset.click()
    assert view.values()["n_segments"] == 10_000
    viewer.add_image(np.zeros((5, 100, 200)), name="volume")
    view.image.choose(viewer.layers["volume"])
    assert view.values()["n_segments"] == 200, "of the plane in view"
    view.part.choose("whole")
    assert view.values()["n_segments"] == 1000
