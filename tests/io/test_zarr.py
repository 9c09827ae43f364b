"""OME-Zarr: images of versions 0.4 and 0.5 are read, and labels are written, piece by piece."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import zarr

from napari_selfseg.io import (
    create_labels,
    finish_labels,
    open_image,
    open_labels,
    read_image,
    read_record,
    write_labels,
)
from napari_selfseg.record import dumps, loads

RNG = np.random.default_rng(0)
STACK = RNG.integers(0, 255, (2, 3, 4, 20, 30), dtype=np.uint8)  # t c z y x
LABELS = RNG.integers(0, 9, (3, 40, 50), dtype=np.uint16)
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
KINDS = {"t": "time", "c": "channel"}
SIZES = {"t": 5, "c": 1, "z": 2, "y": 0.5, "x": 0.25}
RECORD = {
    "software": {},
    "method": {"name": "backprop"},
    "superpixels": None,
    "images": [{"name": 'a <b> & "c" µ'}],
    "channel_axis": None,
    "iterations": 3,
    "shown": 3,
    "mask": [np.eye(3, dtype=bool)],
}


def described(axes, version):
    """Return the attributes of an image, as another program writes them by hand."""
    image = {
        "axes": [
            {"name": a, "type": KINDS.get(a, "space")} | ({"unit": UNITS[a]} if a != "c" else {})
            for a in axes
        ],
        "datasets": [
            {
                "path": str(level),
                "coordinateTransformations": [
                    {
                        "type": "scale",
                        "scale": [SIZES[a] * (2**level if a in "yx" else 1) for a in axes],
                    }
                ],
            }
            for level in range(2)
        ],
    }
    if version == "0.4":
        return {"multiscales": [image | {"version": version}]}
    return {"ome": {"version": version, "multiscales": [image]}}


def make(path, data, axes, version="0.5"):
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    group.attrs.update(described(axes, version))
    for level, pixels in enumerate((data, data[..., ::2, ::2])):
        chunks = (*(1,) * (data.ndim - 2), 8, 8)
        group.create_array(str(level), data=np.ascontiguousarray(pixels), chunks=chunks)
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["yx", "zyx", "cyx", "czyx", "tyx", "tczyx"])
def test_axes_scale_and_unit_are_read(tmp_path, version, axes):
    data = STACK[tuple(slice(None) if axis in axes else 0 for axis in "tczyx")]
    path = make(tmp_path / "a.ome.zarr", data, axes, version)
    whole, found = read_image(path), open_image(str(path))
    order = [axis for axis in "tzyxc" if axis in axes]
    expected = data.transpose([axes.index(axis) for axis in order])
    np.testing.assert_array_equal(whole.data, expected)
    np.testing.assert_array_equal(found.data[..., 3:9, :], expected[..., 3:9, :])
    assert type(whole.data) is np.ndarray
    for each in (whole, found):
        assert each.axes == "".join(order)
        assert each.channel_axis == (-1 if "c" in axes else None)
        assert (each.unit, each.mask) == ("µm", None)
        assert each.spacing == tuple(SIZES[axis] for axis in order if axis != "c")


def test_axes_of_length_one_are_dropped(tmp_path):
    path = make(tmp_path / "a.zarr", STACK[:1, :1, :1], "tczyx")
    found = open_image(path)
    np.testing.assert_array_equal(found.data, STACK[0, 0, 0])
    assert (found.axes, found.spacing, found.channel_axis) == ("yx", (0.5, 0.25), None)
    assert found.data.chunks == (8, 8)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_level_may_be_named(tmp_path, version):
    path = make(tmp_path / "a.zarr", STACK[0], "czyx", version)
    found = read_image(path / "1")
    np.testing.assert_array_equal(found.data, np.moveaxis(STACK[0, ..., ::2, ::2], 0, -1))
    assert (found.axes, found.spacing, found.unit) == ("zyxc", (2, 1, 0.5), "µm")


def test_scale_of_the_whole_image_counts_too(tmp_path):
    path = make(tmp_path / "a.zarr", STACK[0, 0], "zyx")
    group = zarr.open_group(path)
    ome = dict(group.attrs["ome"])
    ome["multiscales"][0]["coordinateTransformations"] = [{"type": "scale", "scale": [3, 2, 2]}]
    group.attrs["ome"] = ome
    assert read_image(path).spacing == (6, 1, 0.5)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("shape", "axes"), [((20, 30), "yx"), ((5, 20, 30), "zyx"), ((20, 30, 3), "yxc")]
)
def test_plain_zarr(tmp_path, shape, axes, version):
    data = RNG.integers(0, 255, shape, dtype=np.uint8)
    zarr.create_array(tmp_path / "a.zarr", data=data, zarr_format=version)
    found = open_image(tmp_path / "a.zarr")
    np.testing.assert_array_equal(found.data, data)
    assert (found.axes, found.unit) == (axes, "pixel")


def test_named_axes_of_plain_zarr(tmp_path):
    data = RNG.integers(0, 255, (3, 20, 30), dtype=np.uint8)
    zarr.create_array(tmp_path / "a.zarr", data=data, dimension_names=["C", "y", "x"])
    found = read_image(tmp_path / "a.zarr")
    np.testing.assert_array_equal(found.data, np.moveaxis(data, 0, -1))
    assert found.axes == "yxc"


def test_an_image_alone_in_a_folder_is_found(tmp_path):
    """Bioformats2raw numbers the images of a folder, even a single one."""
    zarr.open_group(tmp_path / "a.zarr", mode="w").attrs["ome"] = {"bioformats2raw.layout": 3}
    make(tmp_path / "a.zarr" / "0", STACK[0], "czyx")
    assert read_image(tmp_path / "a.zarr").axes == "zyxc"
    make(tmp_path / "a.zarr" / "1", STACK[0], "czyx")
    with pytest.raises(ValueError, match=r"^a\.zarr is not a single .*such as .*a\.zarr.0"):
        read_image(tmp_path / "a.zarr")


def damaged(path, kind):
    make(path, STACK[0, 0], "zyx")
    if kind == "no metadata":
        zarr.open_group(path).attrs.clear()
    elif kind == "no level":
        shutil.rmtree(path / "0")
    elif kind == "broken metadata":
        (path / "zarr.json").write_text("{")
    elif kind == "other version":
        zarr.open_group(path).attrs["ome"] = {"multiscales": [{"datasets": []}]}
    elif kind == "nothing":
        shutil.rmtree(path)
        path.mkdir()
    elif kind == "other axes":
        data = np.zeros((2, 2, 20, 30, 3), np.uint8)
        zarr.create_array(path, data=data, overwrite=True)
    else:
        (path / "0" / "c" / "0" / "0" / "0").write_bytes(b"These are words.")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("no metadata", r"^a\.zarr is not a single OME-Zarr image: give the path of one"),
        ("no level", r"^a\.zarr is damaged: its level 0 is missing\.$"),
        ("broken metadata", r"^a\.zarr cannot be read as an image: ."),
        ("other version", r"^a\.zarr is not sound OME-Zarr: axes ."),
        ("nothing", r"^a\.zarr is no zarr folder, or a damaged one\.$"),
        ("other axes", r"^a\.zarr is an array of 5 axes without names"),
        ("broken chunk", r"^a\.zarr cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path, kind, sentence):
    damaged(tmp_path / "a.zarr", kind)
    with pytest.raises(ValueError, match=sentence) as caught:
        read_image(tmp_path / "a.zarr")
    assert "\n" not in str(caught.value)


def test_labels_are_filled_piece_by_piece(tmp_path):
    path = tmp_path / "labels.ome.zarr"
    array = create_labels(
        path, LABELS.shape, dtype="u2", chunks=(1, 16, 16), axes="zyx", shards=(1, 32, 32)
    )
    assert not np.asarray(array[...]).any()
    for z in range(3):
        again = open_labels(path)  # as another process would
        again[z] = LABELS[z]
    np.testing.assert_array_equal(read_image(path).data, LABELS)
    assert (again.chunks, again.shards) == ((1, 16, 16), (1, 32, 32))


def test_levels_take_every_second_pixel(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_selfseg.io._zarr._zarr_levels.COARSEST", 10)
    path = tmp_path / "labels.ome.zarr"
    labels = RNG.integers(0, 9, (3, 33, 50), dtype=np.uint16)
    options = {"dtype": "u2", "chunks": (2, 8, 8), "spacing": (2, 0.5, 0.25), "unit": "µm"}
    array = create_labels(path, labels.shape, axes="zyx", **options)
    array[...] = labels
    for record in (RECORD, None):  # once more changes nothing
        finish_labels(path, record=record)
        for level in range(4):
            found = read_image(path / str(level))
            step = 2**level
            np.testing.assert_array_equal(found.data, labels[:, ::step, ::step])
            assert found.spacing == (2, 0.5 * step, 0.25 * step)
        assert not (path / "4").exists()
        assert read_record(path) == loads(dumps(RECORD))


@pytest.mark.parametrize(
    ("axes", "spacing", "unit", "name"),
    [
        ("yx", (0.5, 0.25), "µm", "micrometer"),
        ("zyx", (2, 0.5, 0.25), "nm", "nanometer"),
        ("tyx", (3, 0.5, 0.25), "um", "micrometer"),
        ("tzyx", (3, 2, 0.5, 0.25), "mm", "millimeter"),
        ("yx", None, "pixel", None),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_another_library_reads_the_same_scale_and_unit(tmp_path, axes, spacing, unit, name):
    ngff_zarr = pytest.importorskip("ngff_zarr")
    labels = RNG.integers(0, 9, (2, 3, 1030, 20)[-len(axes) :], dtype=np.uint16)
    path = tmp_path / "labels.ome.zarr"
    write_labels(path, labels, axes=axes, spacing=spacing, unit=unit, record=RECORD)
    levels = ngff_zarr.from_ngff_zarr(path, validate=False).images
    assert len(levels) == 2
    for level, image in enumerate(levels):
        step = 2**level
        expected = dict(zip(axes, spacing or (1,) * len(axes), strict=True))
        expected |= {axis: expected[axis] * step for axis in "yx"}
        assert dict(image.scale) == expected
        assert all(shift == 0 for shift in image.translation.values())
        assert {image.axes_units[axis] for axis in axes if axis != "t"} == {name}
        np.testing.assert_array_equal(np.asarray(image.data), labels[..., ::step, ::step])
    found = read_image(path)
    np.testing.assert_array_equal(found.data, labels)
    assert found.axes == axes
    assert found.unit == ("µm" if unit == "um" else unit)
    assert found.spacing == (spacing or (1, 1))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_images_of_another_library_are_read(tmp_path, version):
    ngff_zarr = pytest.importorskip("ngff_zarr")
    image = ngff_zarr.to_ngff_image(
        STACK[0],
        dims=("c", "z", "y", "x"),
        scale={"z": 2.0, "y": 0.5, "x": 0.25},
        axes_units={"z": "micrometer", "y": "micrometer", "x": "micrometer"},
    )
    levels = ngff_zarr.to_multiscales(image, scale_factors=[], cache=False)
    ngff_zarr.to_ngff_zarr(str(tmp_path / "a.ome.zarr"), levels, version=version)
    found = read_image(tmp_path / "a.ome.zarr")
    np.testing.assert_array_equal(found.data, np.moveaxis(STACK[0], 0, -1))
    assert (found.axes, found.spacing, found.unit) == ("zyxc", (2, 0.5, 0.25), "µm")


def test_metadata_are_those_of_labels_and_valid(tmp_path):
    yaozarrs = pytest.importorskip("yaozarrs")
    write_labels(tmp_path / "a.zarr", LABELS, spacing=(1, 2, 3), unit="µm")
    found = yaozarrs.validate_ome_json((tmp_path / "a.zarr" / "zarr.json").read_text())
    assert isinstance(found.attributes.ome, yaozarrs.v05.LabelImage)


def test_a_record_is_plain_json_inside(tmp_path):
    write_labels(tmp_path / "a.zarr", LABELS, record=RECORD)
    attributes = json.loads((tmp_path / "a.zarr" / "zarr.json").read_text())["attributes"]
    assert attributes["napari-selfseg"]["record"]["method"] == {"name": "backprop"}
    write_labels(tmp_path / "b.zarr", LABELS)
    with pytest.raises(ValueError, match=r"^b\.zarr has no record"):
        read_record(tmp_path / "b.zarr")


def test_ours_is_replaced_and_anything_else_is_not(tmp_path):
    path = tmp_path / "a.zarr"
    write_labels(path, LABELS)
    write_labels(path, LABELS[0])
    np.testing.assert_array_equal(read_image(path).data, LABELS[0])
    assert [each.name for each in tmp_path.iterdir()] == ["a.zarr"]
    make(path, STACK[0, 0], "zyx")
    (tmp_path / "b.zarr").write_text("These are words.")
    for other in (path, tmp_path / "b.zarr"):
        with pytest.raises(FileExistsError, match=r"was not written by napari-selfseg"):
            write_labels(other, LABELS)
        with pytest.raises(FileExistsError, match=r"was not written by napari-selfseg"):
            create_labels(other, (9, 9), dtype="u1", chunks=(9, 9), axes="yx")
    np.testing.assert_array_equal(read_image(path).data, STACK[0, 0])


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("older", [False, True])
def test_an_interrupted_write_leaves_nothing_broken(tmp_path, monkeypatch, error, older):
    if older:
        write_labels(tmp_path / "a.zarr", LABELS[0])

    def interrupted(*arguments):
        raise error

    monkeypatch.setattr("napari_selfseg.io._zarr._zarr_labels.finish", interrupted)
    with pytest.raises(type(error)):
        write_labels(tmp_path / "a.zarr", LABELS)
    assert [each.name for each in tmp_path.iterdir()] == (["a.zarr"] if older else [])
    if older:
        np.testing.assert_array_equal(read_image(tmp_path / "a.zarr").data, LABELS[0])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"axes": "yxz"}, "Axes of labels are of t, z, y and x in this order"),
        ({"axes": "czyx"}, "Axes of labels are of t, z, y and x in this order"),
        ({"shape": (4, 4)}, "need a length and a spacing for each"),
        ({"spacing": (1, 1)}, "need a length and a spacing for each"),
        ({"dtype": "f4"}, "Labels are whole numbers, not float32"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, options, sentence):
    given = {"shape": (3, 4, 4), "dtype": "u1", "chunks": (1, 4, 4), "axes": "zyx"} | options
    with pytest.raises(ValueError, match=sentence):
        create_labels(tmp_path / "a.zarr", given.pop("shape"), **given)
    assert list(tmp_path.iterdir()) == []


def test_units_that_are_not_on_the_list_are_converted(tmp_path):
    write_labels(tmp_path / "a.zarr", LABELS, spacing=(1, 1, 1), unit="US survey foot")
    found = read_image(tmp_path / "a.zarr")
    assert (found.spacing, found.unit) == ((1200 / 3937,) * 3, "m")


def test_labels_without_their_array_are_damaged(tmp_path):
    write_labels(tmp_path / "a.zarr", LABELS)
    shutil.rmtree(tmp_path / "a.zarr" / "0")
    with pytest.raises(ValueError, match=r"^a\.zarr is damaged: ."):
        open_labels(tmp_path / "a.zarr")


def test_nothing_to_finish_is_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^There is no folder .*a\.zarr\.$"):
        finish_labels(tmp_path / "a.zarr")
