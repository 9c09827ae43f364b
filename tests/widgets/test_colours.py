"""Colours of labels can be told apart, also by those who lack a kind of cone."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, hsv2rgb, rgb2lab

from napari_selfseg.widgets.canvas.colours.distinct import distinct
from napari_selfseg.widgets.canvas.colours.standing_off import ALL_HUES
from napari_selfseg.widgets.canvas.colours.vision import VISIONS, as_seen
from napari_selfseg.widgets.canvas.label_layer import palette

GOLDEN = (5**0.5 - 1) / 2
ENOUGH = 25  # of CIEDE2000: nobody takes one for the other
COLOURS = distinct(50, ALL_HUES)


def by_hue(n):
    """Colours that are spread over hues alone, as labels had before."""
    each = np.arange(n)
    shades = np.take((0.45, 0.80, 0.62), each % 3), np.take((0.95, 0.75), each % 2)
    return hsv2rgb(np.stack((each * GOLDEN % 1, *shades), axis=-1))


def differences(colours, vision):
    """CIEDE2000 of neighbours, where labels lie at random beside each other."""
    lab, n = rgb2lab(as_seen(colours, vision)), len(colours)
    side = int(np.ceil(np.sqrt(n)))
    smallest = []
    for seed in range(5):
        at = np.random.default_rng(seed).permutation(side * side).reshape(side, side)
        beside = [(at[1:], at[:-1]), (at[:, 1:], at[:, :-1]), (at[1:, 1:], at[:-1, :-1])]
        pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in beside])
        one, other = pairs[(pairs < n).all(axis=1)].T
        smallest.append(deltaE_ciede2000(lab[one], lab[other]).min())
    return float(np.mean(smallest))


@pytest.mark.parametrize("n", [5, 8, 12, 20, 50])
@pytest.mark.parametrize("vision", VISIONS)
def test_neighbours_are_told_apart_at_least_as_well_as_by_hue(n, vision):
    before, now = differences(by_hue(n), vision), differences(COLOURS[:n], vision)
    assert now > min(before, ENOUGH) - 0.5, "half a unit is what nobody sees"
    if n <= 12:
        assert now > 8


def test_colours_alone_are_not_enough_for_everybody():
    worst = min(differences(by_hue(12), vision) for vision in VISIONS)
    assert worst < 6, "test invalid"
    assert min(differences(COLOURS[:12], vision) for vision in VISIONS) > worst + 2


@pytest.mark.parametrize("vision", VISIONS)
def test_grey_is_grey_for_everybody(vision):
    grey = np.repeat(np.linspace(0, 1, 9)[:, None], 3, axis=1)
    assert np.allclose(as_seen(grey, vision), grey, atol=0.01)


@pytest.mark.parametrize("vision", ["protanopia", "deuteranopia"])
def test_red_and_green_are_alike_without_a_cone(vision):
    red, green = np.array([[0.62, 0.36, 0.2]]), np.array([[0.4, 0.45, 0.2]])
    usual = deltaE_ciede2000(rgb2lab(red), rgb2lab(green))[0]
    seen = [rgb2lab(as_seen(each, vision)) for each in (red, green)]
    assert deltaE_ciede2000(*seen)[0] < usual / 2


def test_fewer_colours_are_the_first_of_more():
    assert (palette(8).colors == palette(50).colors[:9]).all()
    assert len(np.unique(palette(500).colors[1:], axis=0)) == 500
    assert palette(3).colors[0].tolist() == [0, 0, 0, 0]
