"""Labels of a dock, a batch and napari's own menu have the axes that their image names."""

from __future__ import annotations

import numpy as np
import pytest

from napari_selfseg.io import read_image
from napari_selfseg.widgets.batch._request import Layer, _in_memory
from napari_selfseg.widgets.canvas.files import layers_of, write_labels_layer
from napari_selfseg.widgets.canvas.label_storage import make_stack_storage, save_storage
from napari_selfseg.widgets.model.axis_letters import lettered, place_of_axes
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.stacking import Along

LABELS = np.random.default_rng(0).integers(1, 9, (3, 20, 30)).astype(np.uint8)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("", ""), ("yx", "")),
        (("t", "y", "x"), ("tyx", "")),
        (("Frame", "y", "x"), ("tyx", "")),
        (("depth", "", ""), ("zyx", "")),
        (("", "y", "x"), ("zyx", "z")),
        (("theta", "y", "x"), ("zyx", "z")),
        (("time", "z", "y", "x"), ("tzyx", "")),
        (("time", "", "y", "x"), ("tzyx", "z")),
        (("z", "t", "y", "x"), ("tzyx", "tz")),
        (("", "", "", "", ""), None),
    ],
)
def test_a_letter_for_each_axis_and_those_nobody_gave(names, expected):
    assert lettered(names) == expected
    assert place_of_axes(names).get("axes") == (expected and expected[0])


@pytest.mark.parametrize("name", ["t", "z", ""])
@pytest.mark.parametrize("ending", [".tif", ".imagej.tif", ".ome.zarr"])
def test_a_stack_and_an_image_of_the_dock_are_saved_as_they_are_called(tmp_path, name, ending):
    along = Along((0,), LABELS.shape, (name, "y", "x"), (0, 0, 0))
    storage = make_stack_storage(along, np.uint8, (1.0, 1.0, 1.0), "pixel")
    storage.array[...] = LABELS
    path = tmp_path / f"a{ending}"
    save_storage(str(path), storage, along, (1.0, 1.0, 1.0), "pixel", None)
    found = read_image(path)
    assert (found.axes, found.unnamed) == (f"{name or 'z'}yx", "" if name else "z")


def test_what_napari_saves_and_opens_again_has_no_name_that_nobody_gave(tmp_path):
    names = ("axis -3", "axis -2", "axis -1")
    path = str(tmp_path / "a.ome.zarr")
    write_labels_layer(path, LABELS, {"axis_labels": names})
    assert read_image(path).unnamed == "z"
    ((_, meta, _),) = layers_of(path)
    assert meta["axis_labels"] == ("axis -3", "y", "x")


@pytest.mark.parametrize(("axes", "expected"), [(("", "y", "x"), "z"), (("t", "y", "x"), "")])
def test_a_batch_of_layers_names_no_axis_either(axes, expected):
    picture = Picture(("film",), (LABELS,), False, (1, 1, 1), (0, 0, 0), (1, 2), axes=axes)
    found = _in_memory(Layer(picture, "pixel"))
    assert (found.axes, found.unnamed) == (f"{axes[0] or 'z'}yx", expected)
