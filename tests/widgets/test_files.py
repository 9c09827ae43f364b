"""napari opens OME-Zarr through us, and saves labels as OME-Zarr."""

import numpy as np
import pytest
import tifffile
import zarr

import napari_selfseg as ss
from napari_selfseg.io import (
    labels_in,
    labels_of,
    list_labels,
    read_image,
    read_record,
    write_labels,
)
from napari_selfseg.widgets.canvas.files import reader, write_labels_layer


@pytest.fixture(scope="module")
def record():
    image = np.random.default_rng(0).normal(size=(12, 14))
    method = ss.Backprop(iterations=1, channels=4)
    return ss.segment(image, method, device="cpu", threads=1).record()


def labels(shape=(1100, 30)):
    return np.random.default_rng(0).integers(0, 9, shape).astype(np.uint16)


def test_labels_with_levels_scale_unit_and_record(tmp_path, make_napari_viewer, record):
    path = str(tmp_path / "cells.ome.zarr")
    write_labels(path, labels(), spacing=(0.5, 0.25), unit="µm", record=record)
    viewer = make_napari_viewer(show=False)
    [layer] = viewer.open(path, plugin="napari-selfseg")
    assert type(layer).__name__ == "Labels"
    assert layer.name == "cells"
    assert layer.multiscale
    assert layer.scale.tolist() == [0.5, 0.25]
    assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]
    assert layer.axis_labels == ("y", "x")
    assert layer.metadata["napari-selfseg"] == read_record(path)
    np.testing.assert_array_equal(np.asarray(layer.data[0]), labels())
    assert layer.data[1].shape == (550, 15)


def image_with_labels(path):
    """Two channels of 0.5 µm, and labels in the image that are listed."""
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": each, "type": "space", "unit": "micrometer"} for each in "yx"]
    scale = [{"type": "scale", "scale": [1, 0.5, 0.5]}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.attrs.update({"multiscales": [{"version": "0.4", "axes": axes, "datasets": levels}]})
    group.create_array("0", data=np.zeros((2, 40, 30), np.uint8))
    target = labels_in(path, "cells")
    write_labels(target, labels((40, 30)), axes="yx")
    list_labels(target)
    return path


def test_labels_that_an_image_lists_come_with_it(tmp_path):
    path = image_with_labels(tmp_path / "a.zarr")
    (_, _, kind), (data, meta, second) = reader(str(path))(str(path))
    assert (kind, second) == ("image", "labels")
    assert (meta["name"], meta["scale"]) == ("a/labels/cells", (0.5, 0.5))
    np.testing.assert_array_equal(np.asarray(data), labels((40, 30)))
    assert len(reader(str(path / "0"))(str(path / "0"))) == 1, "a level has none"
    assert labels_of(path) == [path / "labels" / "cells"]


def test_labels_that_are_damaged_leave_the_image(tmp_path):
    path = image_with_labels(tmp_path / "a.zarr")
    (path / "labels" / "cells" / "0" / ".zarray").unlink()
    with pytest.warns(UserWarning, match="The labels cells are left out: "):
        assert [kind for *_, kind in reader(str(path))(str(path))] == ["image"]


def test_what_napari_saves_is_read_back(tmp_path, make_napari_viewer, record):
    viewer = make_napari_viewer(show=False)
    small = labels((3, 12, 14))
    layer = viewer.add_labels(
        small, scale=(2, 1, 1), units=("um",) * 3, metadata={"napari-selfseg": record}
    )
    path = str(tmp_path / "saved.zarr")
    assert layer.save(path, plugin="napari-selfseg") == [path]
    found = read_image(path)
    np.testing.assert_array_equal(found.data, small)
    assert found.spacing == (2, 1, 1)
    assert found.unit == "µm"
    assert read_record(path)["images"] == record["images"]


def test_of_several_levels_the_finest_is_saved(tmp_path):
    levels = [labels((8, 8)), labels((8, 8))[::2, ::2]]
    path = str(tmp_path / "a.zarr")
    write_labels_layer(path, levels, {"multiscale": True})
    np.testing.assert_array_equal(read_image(path).data, levels[0])


@pytest.mark.parametrize(
    ("shape", "kind", "layers"),
    [((20, 24, 3), np.uint8, 1), ((20, 24, 2), np.uint8, 2), ((20, 24, 3), np.float32, 3)],
)
def test_colours_are_one_layer_and_channels_one_each(
    tmp_path, shape, kind, layers, make_napari_viewer
):
    path = tmp_path / "image.zarr"
    data = np.random.default_rng(0).integers(0, 99, shape).astype(kind)
    zarr.create_array(path, data=data, dimension_names=["y", "x", "c"])
    viewer = make_napari_viewer(show=False)
    opened = viewer.open(str(path), plugin="napari-selfseg")
    assert len(opened) == layers
    assert opened[0].rgb == (layers == 1)
    expected = data if layers == 1 else data[..., 0]
    np.testing.assert_array_equal(np.asarray(opened[0].data), expected)
    assert not opened[0].metadata


def test_nothing_is_read_before_it_is_seen(tmp_path):
    path = tmp_path / "large.zarr"
    zarr.create_array(path, shape=(4, 60_000, 60_000), dtype=np.uint8, chunks=(1, 512, 512))
    [(data, meta, kind)] = reader(str(path))(str(path))
    assert kind == "image"
    assert data.shape == (4, 60_000, 60_000)
    assert data.chunksize == (1, 1024, 1024)
    assert not meta["multiscale"]


def ome(path, axes, data, *, scale=None, shift=None, labels=False):
    """Write an image of two levels by hand, with axes as (name, type, unit)."""
    group = zarr.open_group(path, mode="w", zarr_format=2)
    kinds = [{"name": a, "type": b, "unit": c} for a, b, c in axes]
    scale, shift = scale or [1.0] * data.ndim, shift or [0.0] * data.ndim
    place = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": shift}]
    levels = [{"path": name, "coordinateTransformations": place} for name in "01"]
    for name, step in (("0", 1), ("1", 2)):
        group.create_array(name, data=np.ascontiguousarray(data[..., ::step, ::step]))
    group.attrs["multiscales"] = [{"version": "0.4", "axes": kinds, "datasets": levels}]
    if labels:
        group.attrs["image-label"] = {}
    return str(path)


def opened(path):
    """Return the layers that napari makes of a path, without a window."""
    from napari.layers import Layer

    return [Layer.create(*each) for each in reader(path)(path)]


ZYX = [("z", "space", "micrometer"), ("y", "space", "nanometer"), ("x", "space", "nanometer")]


@pytest.mark.parametrize(
    ("inner", "name"),
    [
        ("many.zarr/0", "many/0"),
        ("many.zarr/0/1", "many/0/1"),
        ("plate.ome.zarr/A/1/0", "plate/A/1/0"),
        ("image.zarr/labels/cells", "image/labels/cells"),
        ("without ending/0", "0"),
        ("CAPITALS.ZARR/x", "CAPITALS.ZARR/x"),
    ],
)
def test_an_image_inside_of_a_zarr_is_opened(tmp_path, inner, name):
    above = inner.removesuffix("/1") if inner.endswith("0/1") else inner
    data = labels((4, 12, 14))
    how = {"scale": [0.3, 65, 65], "shift": [1, 2, 3], "labels": "labels" in inner}
    ome(tmp_path / above, ZYX, data, **how)
    [layer] = opened(str(tmp_path / inner))
    step = 2 if above != inner else 1
    finest = layer.data[0] if layer.multiscale else layer.data
    np.testing.assert_array_equal(np.asarray(finest), data[..., ::step, ::step])
    assert layer.multiscale == (step == 1)
    np.testing.assert_allclose(layer.scale, (300, 65, 65))
    np.testing.assert_allclose(layer.translate, (1000, 2, 3))
    assert {str(each) for each in layer.units} == {"nanometer"}
    assert layer.name == name
    assert type(layer).__name__ == ("Labels" if how["labels"] else "Image")


def test_open_folder_takes_an_image_inside(tmp_path, make_napari_viewer):
    viewer = make_napari_viewer(show=False)
    zarr.open_group(tmp_path / "many.zarr", mode="w", zarr_format=2)
    for name in "01":
        path = ome(tmp_path / "many.zarr" / name, ZYX, labels((4, 12, 14)), scale=[0.3, 65, 65])
    [layer] = viewer.open(path, plugin="napari-selfseg")
    assert layer.scale.tolist() == [300, 65, 65]


@pytest.mark.parametrize("levels", [True, False])
def test_labels_with_channels_are_a_layer_each(tmp_path, levels):
    data = labels((3, 12, 14))
    path = ome(tmp_path / "a.zarr", [("c", "channel", None), *ZYX[1:]], data, labels=True)
    if not levels:
        group = zarr.open_group(path, mode="a")
        [image] = group.attrs["multiscales"]
        group.attrs["multiscales"] = [image | {"datasets": image["datasets"][:1]}]
    made = opened(path)
    assert [layer.name for layer in made] == ["a [0]", "a [1]", "a [2]"]
    for layer, channel in zip(made, data, strict=True):
        assert type(layer).__name__ == "Labels"
        finest = layer.data[0] if layer.multiscale else layer.data
        np.testing.assert_array_equal(np.asarray(finest), channel)
        assert layer.axis_labels == ("y", "x")


def test_labels_that_are_no_whole_numbers_are_an_image(tmp_path):
    path = ome(tmp_path / "a.zarr", ZYX[1:], np.ones((12, 14), np.float32), labels=True)
    assert type(opened(path)[0]).__name__ == "Image"


@pytest.mark.parametrize(
    ("unit", "scale", "found"),
    [
        ("US survey foot", 1200, "meter"),
        ("reference frame", 1, "pixel"),
        ("arbitrary unit", 1, "pixel"),
        ("foot", 3937, "foot"),
        (None, 3937, "pixel"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*no unit of length")
def test_no_unit_reaches_a_layer_that_napari_does_not_know(tmp_path, unit, scale, found):
    axes = [("t", "time", "fortnight"), ("y", "space", unit), ("x", "space", unit)]
    path = ome(tmp_path / "a.zarr", axes, labels((4, 12, 14)), scale=[5, 3937, 3937])
    [layer] = opened(path)
    np.testing.assert_allclose(layer.scale, (5, scale, scale))
    assert [str(each) for each in layer.units] == ["pixel", found, found]
    assert layer.axis_labels == ("t", "y", "x")


def test_place_and_units_come_back_from_what_napari_saves(tmp_path):
    from napari.layers import Labels

    layer = Labels(
        labels((3, 12, 14)),
        scale=(5, 0.5, 500),
        translate=(0, 10, 3000),
        units=("s", "um", "nm"),
        axis_labels=("t", "y", "x"),
    )
    path = str(tmp_path / "saved.zarr")
    data, meta, _ = layer.as_layer_data_tuple()
    write_labels_layer(path, data, meta)
    found = read_image(path)
    assert (found.axes, found.unit, found.time_unit) == ("tyx", "nm", "s")
    assert (found.spacing, found.translation) == ((5, 500, 500), (0, 10_000, 3000))
    [again] = opened(path)
    assert [str(each) for each in again.units] == ["second", "nanometer", "nanometer"]
    assert again.translate.tolist() == [0, 10_000, 3000]


def test_a_size_that_is_not_known_is_not_saved(tmp_path):
    from napari.layers import Labels

    layer = Labels(labels((3, 12, 14)), scale=(2, 1, 1), units=("pixel", "um", "um"))
    data, meta, _ = layer.as_layer_data_tuple()
    write_labels_layer(str(tmp_path / "a.zarr"), data, meta)
    with pytest.warns(UserWarning, match="does not say the size of a pixel in z"):
        assert read_image(tmp_path / "a.zarr").unknown == "z"


def test_other_files_are_left_to_others(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", labels((4, 5)))
    assert reader(str(tmp_path / "a.tif")) is None
    assert reader([str(tmp_path / "a.zarr")] * 2) is None
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(ValueError, match="is no zarr folder"):
        reader(str(tmp_path / "empty.zarr"))(str(tmp_path / "empty.zarr"))
