"""Layers of napari, without a window."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image, Labels, Shapes
from napari.layers._source import layer_source

from napari_selfseg.methods import Backprop
from napari_selfseg.widgets.canvas.drawing_layers import draw_rectangle, rectangle_layer
from napari_selfseg.widgets.canvas.label_layer import Canvas, add_labels, hide_earlier, settle
from napari_selfseg.widgets.canvas.layers import (
    METADATA,
    describe_image,
    describe_labels,
    partners,
    sizes_of,
)
from napari_selfseg.widgets.canvas.rectangle import rectangle_of
from napari_selfseg.widgets.model.image_source import read
from napari_selfseg.widgets.model.state import Form, resolve

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


def placement(image):
    names = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    return {name: getattr(image, name) for name in names}


def shown(*layers):
    viewer = ViewerModel()
    for each in layers:
        viewer.add_layer(each)
    return viewer


def request_for(viewer, image, part="whole", channels=8):
    form = Form(Backprop, {"channels": channels}, part=part)
    return resolve(form, describe_image(image, viewer.dims))


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
    canvas = Canvas(viewer, image, request_for(viewer, image, channels=channels))
    layer = canvas.layer
    assert layer.data.dtype == dtype
    colours = np.array([layer.get_color(each) for each in range(1, channels + 1)])
    assert len(np.unique(colours.round(4), axis=0)) == channels
    canvas.show(np.full((8, 9), 3, dtype), "classes")
    after = np.array([layer.get_color(each) for each in range(1, channels + 1)])
    np.testing.assert_array_equal(after, colours)


def test_labels_are_written_in_place_and_handed_over_at_the_end():
    image = Image(np.zeros((8, 9)), name="cells")
    viewer = shown(image)
    canvas = Canvas(viewer, image, request_for(viewer, image))
    layer, buffer = canvas.layer, canvas.layer.data
    assert not layer.editable
    canvas.show(np.full((8, 9), 3, np.uint8), "classes")
    settle(layer, {"shown": 4})
    assert layer.data is buffer
    assert (buffer == 3).all()
    assert layer.metadata[METADATA] == {"shown": 4}
    assert layer.editable


def test_rgb_and_multiscale_are_read_from_the_layer():
    data = np.zeros((16, 20, 3), np.uint8)
    image = Image([data, data[::2, ::2]], rgb=True, multiscale=True, name="pyramid")
    found = describe_image(image, shown(image).dims)
    assert (found.rgb, found.shape, found.multiscale) == (True, (16, 20), True)
    assert found.data[0].shape == (16, 20, 3)


def test_an_image_of_fewer_axes_than_the_world():
    flat, volume = Image(np.zeros((8, 9)), name="flat"), Image(np.zeros((4, 8, 9)))
    viewer = shown(flat, volume)
    found = describe_image(flat, viewer.dims)
    assert (found.plane, found.shape) == ((0, 1), (8, 9))
    viewer.dims.order = (1, 0, 2)
    assert describe_image(flat, viewer.dims).plane == (0, 1)
    assert describe_image(volume, viewer.dims).plane == (0, 2)


def test_a_labels_layer_is_described():
    image = Image(np.zeros((18, 19)), scale=(2, 2), translate=(1, 1))
    labels = Labels(np.ones((8, 9), int), name="mine", scale=(2, 2), translate=(7, 21))
    found = describe_labels(labels, image)
    assert (found.name, found.data.shape, found.start) == ("mine", (8, 9), (3, 10))
    assert found.aligned
    assert not describe_labels(Labels(np.ones((8, 9), int), scale=(4, 4)), image).aligned


def test_channels_are_layers_of_the_same_size_and_place():
    first, second = Image(np.zeros((8, 9)), name="a"), Image(np.ones((8, 9)), name="b")
    moved = Image(np.zeros((8, 9)), translate=(1, 0))
    colours = Image(np.zeros((8, 9, 3)), rgb=True)
    others = [first, second, moved, colours, Image(np.zeros((8, 10)))]
    assert partners(first, others) == [second]
    assert partners(colours, others) == partners(None, others) == []
    found = describe_image(first, shown(first, second).dims, [second])
    assert (found.name, found.names) == ("a + b", ("a", "b"))
    image = read(found, (slice(None), slice(2, 5)))
    assert image.shape == (8, 3, 2)
    assert image.mean(axis=(0, 1)).tolist() == [0, 1]


def test_the_last_rectangle_drawn_counts_in_pixels_of_the_image():
    image = Image(np.zeros((30, 40)), scale=(2, 2), translate=(10, 10))
    viewer = ViewerModel()
    viewer.add_layer(image)
    assert rectangle_layer(viewer) is None
    layer = draw_rectangle(viewer, image)
    assert rectangle_of(layer, image) is None
    assert layer.mode == "add_rectangle"
    layer.add_rectangles([[0, 0], [5, 5]])
    layer.add_rectangles([[3.6, 4.4], [12.4, 20.5]])
    assert rectangle_of(layer, image) == ((4, 12), (4, 21))
    assert draw_rectangle(viewer, image) == layer == rectangle_layer(viewer)
    found = describe_image(image, viewer.dims, rectangle=layer)
    assert found.rectangle == ((4, 12), (4, 21))


def test_a_flat_rectangle_over_a_volume_lies_along_its_last_axes():
    volume = Image(np.zeros((5, 30, 40)))
    flat = Shapes([[[2, 3], [2, 9], [7, 9], [7, 3]]])
    assert rectangle_of(flat, volume)[1:] == ((2, 7), (3, 9))


def test_a_part_lies_where_it_was_cut():
    image = tilted(2)
    viewer = shown(image)
    form = Form(Backprop, {}, area="rectangle")
    rectangle = Shapes([[[2, 3], [2, 9], [7, 9], [7, 3]]], **placement(image))
    request = resolve(form, describe_image(image, viewer.dims, rectangle=rectangle))
    layer = add_labels(viewer, image, request)
    assert layer.data.shape == (5, 6)
    np.testing.assert_allclose(layer.data_to_world((1, 2)), image.data_to_world((3, 5)))


def test_only_earlier_results_of_the_same_image_are_hidden():
    image, mine = Image(np.zeros((8, 9)), name="cells"), Labels(np.ones((8, 9), int))
    viewer = shown(image, mine)
    for name in ("cells", "others"):
        layer = add_labels(viewer, image, request_for(viewer, image))
        settle(layer, {"images": [{"name": name}]})
    hide_earlier(viewer, "cells")
    assert [each.visible for each in viewer.layers] == [True, True, False, True]


def test_axes_go_by_name_where_they_have_one():
    dims = ViewerModel().dims
    assert describe_image(Image(np.zeros((2, 3, 4))), dims).axes == ("", "", "")
    named = Image(np.zeros((2, 3, 4)), axis_labels=("t", "y", "x"))
    assert describe_image(named, dims).axes == ("t", "y", "x")


def test_sizes_in_several_units_are_brought_to_one():
    from napari.layers import Image

    layer = Image(np.zeros((2, 3, 4, 5)), scale=(7, -0.3, 65, 65), units=("s", "um", "nm", "nm"))
    np.testing.assert_allclose(sizes_of(layer), (7, -300, 65, 65))
    assert sizes_of(Image(np.zeros((3, 4)), scale=(2, 3))) == (2, 3)
    mixed = Image(np.zeros((3, 4)), scale=(2, 3), units=("pixel", "um"))
    assert sizes_of(mixed) == (2, 3)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"metadata": {"axes": "TYX"}}, ("t", "", "")),
        ({"metadata": {"axes": "ZYX"}, "imagej": True}, ("z", "", "")),
        ({"metadata": {"axes": "TYX"}, "ome": True}, ("t", "", "")),
        ({}, ("", "", "")),
    ],
)
def test_axes_that_the_file_names_and_napari_does_not(tmp_path, written, expected):
    file = tmp_path / "film.tif"
    tifffile.imwrite(file, np.zeros((3, 16, 20), np.uint8), photometric="minisblack", **written)
    viewer = ViewerModel()
    with layer_source(path=str(file), reader_plugin="napari"):
        layer = viewer.add_image(tifffile.imread(file))
    assert describe_image(layer, viewer.dims).axes == expected
    layer.data = np.zeros((4, 16, 20), np.uint8)
    assert describe_image(layer, viewer.dims).axes == ("", "", "")
