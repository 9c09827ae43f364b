"""Layers of napari, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_selfseg.methods import Backprop
from napari_selfseg.widgets.layers import (
    METADATA,
    add_labels,
    describe_image,
    describe_labels,
    hide_earlier,
    settle,
    show,
)
from napari_selfseg.widgets.state import Form, resolve

# About the first axis: napari warns where slices would be cut askew.
TURNED = [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]


def tilted(ndim=2):
    shape = (4, 20, 30)[-ndim:]
    affine = np.eye(ndim + 1)
    affine[0, -1], affine[-2, -3] = 7, 0.25
    return Image(
        np.zeros(shape),
        name="cells",
        scale=(3, 0.5, 2)[-ndim:],
        translate=(10, 20, 30)[-ndim:],
        rotate=30 if ndim == 2 else TURNED,
        shear=[0.3] if ndim == 2 else [0, 0, 0.3],
        affine=affine,
        units=("um",) * ndim,
        axis_labels=("z", "y", "x")[-ndim:],
    )


def shown(*layers):
    viewer = ViewerModel()
    for each in layers:
        viewer.add_layer(each)
    return viewer


def request_for(viewer, image, part="whole", channels=8):
    form = Form(Backprop, {"channels": channels}, part=part)
    return resolve(form, describe_image(image, viewer.dims), None)


@pytest.mark.parametrize("ndim", [2, 3])
def test_labels_lie_exactly_over_the_image(ndim):
    image = tilted(ndim)
    viewer = shown(image)
    layer = add_labels(viewer, image, request_for(viewer, image))
    for name in ("scale", "translate", "rotate", "shear"):
        np.testing.assert_allclose(getattr(layer, name), getattr(image, name), err_msg=name)
    np.testing.assert_allclose(layer.affine.affine_matrix, image.affine.affine_matrix)
    np.testing.assert_allclose(layer.extent.world, image.extent.world)
    assert layer.units == image.units
    assert layer.axis_labels == image.axis_labels
    assert layer.name == "cells [Backprop]"


def test_a_plane_lies_where_it_was_cut():
    image = tilted(3)
    viewer = shown(image)
    viewer.dims.set_point(0, image.data_to_world((2, 10, 15))[0])
    request = request_for(viewer, image, "plane")
    at = request.index[0]
    layer = add_labels(viewer, image, request)
    assert layer.data.shape == (1, 20, 30)
    np.testing.assert_allclose(layer.data_to_world((0, 5, 6)), image.data_to_world((at, 5, 6)))
    assert at > 0, "test invalid: the first plane needs no moving"


@pytest.mark.parametrize(("channels", "dtype"), [(8, np.uint8), (255, np.uint8), (256, np.uint16)])
def test_small_types_and_a_colour_for_every_class(channels, dtype):
    image = Image(np.zeros((8, 9)), name="cells")
    viewer = shown(image)
    layer = add_labels(viewer, image, request_for(viewer, image, channels=channels))
    assert layer.data.dtype == dtype
    colours = np.array([layer.get_color(each) for each in range(1, channels + 1)])
    assert len(np.unique(colours.round(4), axis=0)) == channels
    show(layer, np.full((8, 9), 3, dtype))
    after = np.array([layer.get_color(each) for each in range(1, channels + 1)])
    np.testing.assert_array_equal(after, colours)


def test_labels_are_written_in_place_and_handed_over_at_the_end():
    image = Image(np.zeros((8, 9)), name="cells")
    viewer = shown(image)
    layer = add_labels(viewer, image, request_for(viewer, image))
    buffer = layer.data
    assert not layer.editable
    show(layer, np.full((8, 9), 3, np.uint8))
    settle(layer, {"shown": 4})
    assert layer.data is buffer
    assert (buffer == 3).all()
    assert layer.metadata[METADATA] == {"shown": 4}
    assert layer.editable


def test_rgb_and_multiscale_are_read_from_the_layer():
    data = np.zeros((16, 20, 3), np.uint8)
    image = Image([data, data[::2, ::2]], rgb=True, multiscale=True, name="pyramid")
    found = describe_image(image, shown(image).dims)
    assert (found.rgb, found.shape, found.data.shape) == (True, (16, 20), (16, 20, 3))


def test_an_image_of_fewer_axes_than_the_world():
    flat, volume = Image(np.zeros((8, 9)), name="flat"), Image(np.zeros((4, 8, 9)))
    viewer = shown(flat, volume)
    found = describe_image(flat, viewer.dims)
    assert (found.plane, found.shape) == ((0, 1), (8, 9))
    viewer.dims.order = (1, 0, 2)
    assert describe_image(flat, viewer.dims).plane == (0, 1)
    assert describe_image(volume, viewer.dims).plane == (0, 2)


def test_a_labels_layer_is_described():
    labels = np.ones((8, 9), int)
    found = describe_labels(Labels(labels, name="mine"))
    assert (found.name, found.data.shape) == ("mine", (8, 9))


def test_only_earlier_results_of_the_same_image_are_hidden():
    image, mine = Image(np.zeros((8, 9)), name="cells"), Labels(np.ones((8, 9), int))
    viewer = shown(image, mine)
    for name in ("cells", "others"):
        layer = add_labels(viewer, image, request_for(viewer, image))
        settle(layer, {"images": [{"name": name}]})
    hide_earlier(viewer, "cells")
    assert [each.visible for each in viewer.layers] == [True, True, False, True]
