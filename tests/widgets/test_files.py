"""napari opens OME-Zarr through us, and saves labels as OME-Zarr."""

import numpy as np
import pytest
import tifffile
import zarr

import napari_selfseg as ss
from napari_selfseg.io import read_image, read_record, write_labels
from napari_selfseg.widgets.files import reader, write_labels_layer


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


def test_other_files_are_left_to_others(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", labels((4, 5)))
    assert reader(str(tmp_path / "a.tif")) is None
    assert reader([str(tmp_path / "a.zarr")] * 2) is None
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(ValueError, match="is no zarr folder"):
        reader(str(tmp_path / "empty.zarr"))(str(tmp_path / "empty.zarr"))
