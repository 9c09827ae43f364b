from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from napari_selfseg.methods import Backprop
from napari_selfseg.superpixels import Quickshift, Slic
from napari_selfseg.widgets.model.image_source import Picture, cut, read, shape_of
from napari_selfseg.widgets.model.overlay import Overlay, Void
from napari_selfseg.widgets.model.stacking import Stacking
from napari_selfseg.widgets.model.state import (
    NO_IMAGE,
    NO_RECTANGLE,
    Form,
    Missing,
    resolve,
)

FORM = Form(method=Backprop, values={"iterations": 7})


class Flat(Backprop):
    ndims = (2,)
    title = "Flat"


def picture(shape, *, rgb=False, scale=None, position=None, plane=None):
    ndim = len(shape) - rgb
    return Picture(
        names=("cells",),
        data=(np.arange(np.prod(shape), dtype=np.uint16).reshape(shape),),
        rgb=rgb,
        scale=scale or (1.0,) * ndim,
        position=position or (0,) * ndim,
        plane=plane or (ndim - 2, ndim - 1),
    )


def sentence(form=FORM, image=None, **overlays):
    found = resolve(form, image, **overlays)
    assert isinstance(found, Missing), f"test invalid: {found}"
    return found.sentence


def test_without_an_image_it_says_how_to_open_one():
    assert sentence() == NO_IMAGE


def test_a_grey_plane():
    image = picture((5, 6), scale=(0.5, 2.0))
    request = resolve(FORM, image)
    np.testing.assert_array_equal(read(request.picture, request.index), image.data[0])
    assert request.method == Backprop(iterations=7)
    assert (request.picture.rgb, request.shape, request.pixels) == (False, (5, 6), 30)
    assert request.spacing == (0.5, 2.0)
    assert request.arrays()["superpixels"] is None
    assert request.picture.name == "cells"


@pytest.mark.parametrize("colours", [3, 4])
def test_colours_are_told_by_the_layer_and_alpha_is_left_out(colours):
    image = picture((5, 6, colours), rgb=True)
    request = resolve(FORM, image)
    assert request.shape == (5, 6)
    np.testing.assert_array_equal(read(request.picture, request.index), image.data[0][..., :3])


def test_three_thin_planes_are_a_volume_unless_the_layer_says_rgb():
    assert resolve(FORM, picture((5, 6, 3))).shape == (5, 6, 3)


def test_the_plane_in_view_of_a_volume():
    image = picture((4, 5, 6), scale=(3.0, 1.0, 2.0), position=(2, 3, 1))
    request = resolve(replace(FORM, part="plane"), image)
    np.testing.assert_array_equal(read(request.picture, request.index), image.data[0][2])
    assert request.spacing == (1.0, 2.0)
    sideways = replace(image, plane=(0, 2))
    request = resolve(replace(FORM, part="plane"), sideways)
    np.testing.assert_array_equal(read(request.picture, request.index), image.data[0][:, 3])
    assert request.spacing == (3.0, 2.0)


def test_a_mirrored_layer_has_positive_spacing():
    assert resolve(FORM, picture((5, 6), scale=(-1.0, 2.0))).spacing == (1.0, 2.0)


def test_more_axes_than_the_method_takes():
    assert "works on 2-D or 3-D images and this one has 4 axes" in sentence(
        image=picture((2, 3, 4, 5))
    )
    flat = replace(FORM, method=Flat)
    assert "Flat works on 2-D images" in sentence(flat, picture((4, 5, 6)))
    plane = resolve(replace(flat, part="plane"), picture((4, 5, 6)))
    assert plane.shape == (5, 6)
    assert "one axis" in sentence(image=replace(picture((2, 3)), scale=(1.0,)))


def test_an_algorithm_with_its_values():
    form = replace(FORM, superpixels=Slic, superpixel_values={"n_segments": 50})
    assert resolve(form, picture((5, 6))).arrays()["superpixels"] == Slic(n_segments=50)


def test_an_algorithm_that_does_not_take_volumes():
    form = replace(FORM, superpixels=Quickshift)
    assert f"{Quickshift.title} works on 2-D" in sentence(form, picture((4, 5, 6)))


def test_bad_values_become_the_sentence_of_the_parameter():
    assert "iterations" in sentence(replace(FORM, values={"iterations": 0}), picture((5, 6)))


def test_superpixels_from_a_layer():
    labels = np.ones((5, 6), int)
    request = resolve(FORM, picture((5, 6)), superpixels=Overlay("mine", labels))
    np.testing.assert_array_equal(request.arrays()["superpixels"], labels)


def test_superpixels_of_the_whole_volume_are_cut_like_the_image():
    labels = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    form, image = replace(FORM, part="plane"), picture((4, 5, 6), position=(2, 0, 0))
    request = resolve(form, image, superpixels=Overlay("mine", labels))
    np.testing.assert_array_equal(request.arrays()["superpixels"], labels[2])
    request = resolve(form, image, superpixels=Overlay("mine", labels[1]))
    np.testing.assert_array_equal(request.arrays()["superpixels"], labels[1])


@pytest.mark.parametrize("what", ["superpixels", "mask", "scribbles"])
def test_labels_of_another_shape(what):
    wide = Overlay("mine", np.ones((5, 7), int), start=(0, 1))
    assert sentence(image=picture((5, 6)), **{what: wide}) == (
        f"The {what} layer mine has shape (5, 7) and does not cover the part of cells to "
        "segment, (5, 6): choose another layer or part."
    )


def test_state_needs_neither_qt_nor_napari_nor_torch():
    code = (
        "import sys, napari_selfseg.widgets.model.state, napari_selfseg.widgets.work.runner\n"
        "bad = {'torch', 'napari', 'qtpy', 'PyQt6', 'magicgui'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_opening_the_dock_imports_no_torch():
    code = "import sys, napari_selfseg.widgets.segment.dock\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_what_is_in_view():
    image = replace(picture((20, 30)), view=((2, 9), (25, 99)))
    request = resolve(replace(FORM, area="view"), image)
    assert request.shape == (7, 5)
    np.testing.assert_array_equal(read(image, request.index), image.data[0][2:9, 25:])
    assert request.source["region"] == [[2, 9], [25, 30]]
    unseen = replace(image, view=((0, 0), (0, 0)))
    assert resolve(replace(FORM, area="view"), unseen).shape == (20, 30)


def test_the_view_of_a_plane_and_of_a_volume():
    image = replace(picture((4, 20, 30), position=(2, 0, 0)), view=((0, 1), (3, 9), (4, 8)))
    plane = resolve(replace(FORM, area="view", part="plane"), image)
    assert plane.index == (2, slice(3, 9), slice(4, 8))
    assert plane.source["region"] == [2, [3, 9], [4, 8]]
    assert resolve(replace(FORM, area="view"), image).shape == (4, 6, 4)


def test_a_rectangle_has_to_be_drawn():
    form = replace(FORM, area="rectangle")
    assert sentence(form, picture((20, 30))) == NO_RECTANGLE
    for outside in (((-9, -2), (3, 9)), ((3, 9), (30, 40))):
        image = replace(picture((20, 30)), rectangle=outside)
        assert sentence(form, image) == "The rectangle lies outside cells: draw one on it."
    image = replace(picture((20, 30)), rectangle=((-3, 4), (28, 40)))
    assert resolve(form, image).index == (slice(0, 4), slice(28, 30))


def test_pixels_without_data():
    image = picture((5, 6))
    values = image.data[0]
    request = resolve(replace(FORM, void=Void(7)), image)
    np.testing.assert_array_equal(request.arrays()["mask"], values != 7)
    colours = picture((5, 6, 3), rgb=True)
    colours.data[0][0, 0] = colours.data[0][0, 1, 0] = 0
    mask = resolve(replace(FORM, void=Void(0)), colours).arrays()["mask"]
    assert not mask[0, 0]
    assert mask.sum() == 29, "a pixel of which one channel has the value holds data"
    holes = replace(image, data=(np.where(values == 3, np.nan, values),))
    mask = resolve(replace(FORM, void=Void(None)), holes).arrays()["mask"]
    np.testing.assert_array_equal(mask, values != 3)


def test_a_mask_and_scribbles_from_layers_are_cut_like_the_image():
    labels = np.arange(30).reshape(5, 6) % 3
    image = replace(picture((5, 6)), view=((1, 4), (2, 6)))
    form = replace(FORM, area="view")
    given = {"mask": Overlay("m", labels), "scribbles": Overlay("s", labels)}
    arrays = resolve(form, image, **given).arrays()
    np.testing.assert_array_equal(arrays["mask"], labels[1:4, 2:] != 0)
    np.testing.assert_array_equal(arrays["scribbles"], labels[1:4, 2:])


def test_labels_of_an_earlier_trial_lie_where_they_were_cut():
    part = np.ones((3, 4), int)
    image = replace(picture((5, 6)), view=((1, 4), (2, 6)))
    form = replace(FORM, area="view")
    found = resolve(form, image, superpixels=Overlay("mine", part, start=(1, 2)))
    np.testing.assert_array_equal(found.arrays()["superpixels"], part)
    assert "does not cover" in sentence(form, image, superpixels=Overlay("m", part, start=(0, 2)))
    thin = Overlay("plane", np.ones((1, 5, 6), int), start=(2, 0, 0))
    form = replace(FORM, part="plane")
    assert resolve(form, picture((4, 5, 6), position=(2, 0, 0)), superpixels=thin)
    assert "does not" in sentence(form, picture((4, 5, 6), position=(1, 0, 0)), superpixels=thin)


def test_labels_of_another_grid_fit_only_as_a_whole():
    coarse = Overlay("coarse", np.ones((20, 30), int), start=(0, 0), aligned=False)
    image = replace(picture((20, 30)), view=((1, 4), (2, 6)))
    assert resolve(FORM, image, mask=coarse).void is not None
    assert resolve(replace(FORM, area="view"), image, mask=coarse).shape == (3, 4)
    small = replace(coarse, data=np.ones((10, 15), int))
    assert "does not cover" in sentence(replace(FORM, area="view"), image, mask=small)


def test_superpixels_that_would_not_be_used_are_refused():
    form = replace(FORM, values={"variant": "continuity"}, superpixels=Slic)
    assert "uses no small starting pieces as it is set" in sentence(form, picture((5, 6)))


def test_a_cut_through_axis_may_stay_thin():
    index = cut(picture((4, 5, 6), position=(2, 0, 0)), "plane")
    assert shape_of((4, 5, 6), index) == (5, 6)
    assert shape_of((4, 5, 6), index, thin=True) == (1, 5, 6)


def test_tiles_are_for_one_plane_or_volume_without_scribbles():
    tiles = replace(FORM, area="tiles")
    image = picture((5, 20, 30), position=(3, 0, 0))
    request = resolve(replace(tiles, part="plane"), image)
    assert request.tiles
    assert request.shape == (20, 30)
    assert request.in_part((3, 7, 8)) == (7, 8)
    assert request.along.names == ("", "")
    assert resolve(tiles, image).shape == (5, 20, 30)
    assert not resolve(FORM, image).tiles
    assert "one plane or one volume" in sentence(
        replace(tiles, stack=Stacking((0,), "warm")), image
    )
    drawn = Overlay("strokes", np.zeros((20, 30), np.uint8))
    assert "no scribbles" in sentence(tiles, picture((20, 30)), scribbles=drawn)
    outlined = replace(tiles, values={**FORM.values, "outlines": "image"})
    assert "choose Borders follow: superpixels" in sentence(outlined, picture((20, 30)))
    assert resolve(replace(outlined, area="all"), picture((20, 30))).method.outlines == "image"


def test_the_middle_of_the_view_is_known_along_sliders_too():
    image = picture((5, 20, 30), position=(3, 0, 0))
    assert image.middle == (3, 0, 0), "nothing was drawn yet"
    assert replace(image, view=((0, 5), (4, 8), (10, 20))).middle == (3, 6, 15)
