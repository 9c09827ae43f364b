from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from napari_selfseg.methods import Backprop
from napari_selfseg.superpixels import Quickshift, Slic
from napari_selfseg.widgets.state import NO_IMAGE, Form, Missing, Overlay, Picture, resolve

FORM = Form(method=Backprop, values={"iterations": 7})


class Flat(Backprop):
    ndims = (2,)
    title = "Flat"


def picture(shape, *, rgb=False, scale=None, position=None, plane=None):
    ndim = len(shape) - rgb
    return Picture(
        name="cells",
        data=np.arange(np.prod(shape), dtype=np.uint16).reshape(shape),
        rgb=rgb,
        scale=scale or (1.0,) * ndim,
        position=position or (0,) * ndim,
        plane=plane or (ndim - 2, ndim - 1),
    )


def sentence(form=FORM, image=None, overlay=None):
    found = resolve(form, image, overlay)
    assert isinstance(found, Missing), f"test invalid: {found}"
    return found.sentence


def test_without_an_image_it_says_how_to_open_one():
    assert sentence() == NO_IMAGE


def test_a_grey_plane():
    image = picture((5, 6), scale=(0.5, 2.0))
    request = resolve(FORM, image, None)
    np.testing.assert_array_equal(request.image(), image.data)
    assert request.method == Backprop(iterations=7)
    assert (request.rgb, request.shape, request.pixels) == (False, (5, 6), 30)
    assert request.spacing == (0.5, 2.0)
    assert request.over_segmentation() is None
    assert request.name == "cells"


@pytest.mark.parametrize("colours", [3, 4])
def test_colours_are_told_by_the_layer_and_alpha_is_left_out(colours):
    image = picture((5, 6, colours), rgb=True)
    request = resolve(FORM, image, None)
    assert request.shape == (5, 6)
    np.testing.assert_array_equal(request.image(), image.data[..., :3])


def test_three_thin_planes_are_a_volume_unless_the_layer_says_rgb():
    assert resolve(FORM, picture((5, 6, 3)), None).shape == (5, 6, 3)


def test_the_plane_in_view_of_a_volume():
    image = picture((4, 5, 6), scale=(3.0, 1.0, 2.0), position=(2, 3, 1))
    request = resolve(replace(FORM, part="plane"), image, None)
    np.testing.assert_array_equal(request.image(), image.data[2])
    assert request.spacing == (1.0, 2.0)
    sideways = replace(image, plane=(0, 2))
    request = resolve(replace(FORM, part="plane"), sideways, None)
    np.testing.assert_array_equal(request.image(), image.data[:, 3])
    assert request.spacing == (3.0, 2.0)


def test_a_mirrored_layer_has_positive_spacing():
    assert resolve(FORM, picture((5, 6), scale=(-1.0, 2.0)), None).spacing == (1.0, 2.0)


def test_more_axes_than_the_method_takes():
    assert "works on 2-D or 3-D images and this one has 4 axes" in sentence(
        image=picture((2, 3, 4, 5))
    )
    flat = replace(FORM, method=Flat)
    assert "Flat works on 2-D images" in sentence(flat, picture((4, 5, 6)))
    plane = resolve(replace(flat, part="plane"), picture((4, 5, 6)), None)
    assert plane.shape == (5, 6)
    assert "one axis" in sentence(image=replace(picture((2, 3)), scale=(1.0,)))


def test_an_algorithm_with_its_values():
    form = replace(FORM, superpixels=Slic, superpixel_values={"n_segments": 50})
    assert resolve(form, picture((5, 6)), None).over_segmentation() == Slic(n_segments=50)


def test_an_algorithm_that_does_not_take_volumes():
    form = replace(FORM, superpixels=Quickshift)
    assert f"{Quickshift.title} works on 2-D" in sentence(form, picture((4, 5, 6)))


def test_bad_values_become_the_sentence_of_the_parameter():
    assert "iterations" in sentence(replace(FORM, values={"iterations": 0}), picture((5, 6)))


def test_superpixels_from_a_layer():
    labels = np.ones((5, 6), int)
    request = resolve(FORM, picture((5, 6)), Overlay("mine", labels))
    np.testing.assert_array_equal(request.over_segmentation(), labels)


def test_superpixels_of_the_whole_volume_are_cut_like_the_image():
    labels = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    form, image = replace(FORM, part="plane"), picture((4, 5, 6), position=(2, 0, 0))
    request = resolve(form, image, Overlay("mine", labels))
    np.testing.assert_array_equal(request.over_segmentation(), labels[2])
    request = resolve(form, image, Overlay("mine", labels[1]))
    np.testing.assert_array_equal(request.over_segmentation(), labels[1])


def test_superpixels_of_another_shape():
    found = sentence(image=picture((5, 6)), overlay=Overlay("mine", np.ones((5, 7), int)))
    assert found == (
        "The superpixels layer mine has shape (5, 7) and the image (5, 6): choose another layer "
        "or an algorithm."
    )


def test_state_needs_neither_qt_nor_napari_nor_torch():
    code = (
        "import sys, napari_selfseg.widgets.state, napari_selfseg.widgets.runner\n"
        "bad = {'torch', 'napari', 'qtpy', 'PyQt6', 'magicgui'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_opening_the_dock_imports_no_torch():
    code = "import sys, napari_selfseg.widgets.segment\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
