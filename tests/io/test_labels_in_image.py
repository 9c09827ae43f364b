"""Labels in the group `labels` of their image, as ome-zarr and ngio read them."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import zarr

from napari_selfseg.io import (
    create_labels,
    finish_labels,
    image_of_labels,
    labels_in,
    list_labels,
    name_classes,
    open_image,
    open_labels,
    read_image,
    read_record,
    write_labels,
)
from napari_selfseg.io._zarr._zarr_downsampling import update_coarser

UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
KINDS = {"t": "time", "c": "channel"}
SIZES = {"t": 5, "c": 1, "z": 2, "y": 0.5, "x": 0.25}
LABELS = np.arange(40 * 51, dtype=np.uint16).reshape(40, 51) // 100 + 1
RECORD = {
    "software": {},
    "method": {"name": "backprop"},
    "superpixels": None,
    "images": [{"name": "a"}],
    "channel_axis": None,
    "iterations": 3,
    "shown": 3,
    "mask": [np.eye(3, dtype=bool)],
}


def axis(name):
    unit = {"unit": UNITS[name]} if name in UNITS else {}
    return {"name": name, "type": KINDS.get(name, "space")} | unit


def transformations(axes, factor):
    scale = [SIZES[a] * (factor if a in "yx" else 1) for a in axes]
    shift = [7.0 if a == "y" else 0.0 for a in axes]
    return [{"type": "scale", "scale": scale}, {"type": "translation", "translation": shift}]


def image_of(path, shape, axes, version, factors=(1, 2, 4)):
    """Write an image by hand, as OME-Zarr 0.4 and 0.5 describe it."""
    two = version == "0.4"
    group = zarr.open_group(path, mode="w", zarr_format=2 if two else 3)
    datasets = [
        {"path": f"s{k}", "coordinateTransformations": transformations(axes, factor)}
        for k, factor in enumerate(factors)
    ]
    image = {"axes": [axis(a) for a in axes], "datasets": datasets, "name": "a"}
    if two:
        group.attrs.update({"multiscales": [image | {"version": version}]})
    else:
        group.attrs.update({"ome": {"version": version, "multiscales": [image]}})
    how = {"chunk_key_encoding": {"name": "v2", "separator": "/"}} if two else {}
    for k, factor in enumerate(factors):
        size = (*shape[:-2], *(-(-n // factor) for n in shape[-2:]))
        group.create_array(f"s{k}", data=np.ones(size, np.uint8), chunks=size, **how)
    return path


@pytest.fixture(params=["0.4", "0.5"])
def version(request):
    return request.param


@pytest.fixture
def image(tmp_path, version):
    return image_of(tmp_path / "a.ome.zarr", (2, 1, 40, 51), "czyx", version)


def written(image, labels=LABELS, name="cells", **options):
    target = labels_in(image, name)
    write_labels(target, labels, record=RECORD, **options)
    return target


def test_an_axis_of_length_1_may_be_of_any_kind(tmp_path, version):
    image = image_of(tmp_path / "a.ome.zarr", (1, 1, 40, 51), "zcyx", version)
    group = zarr.open_group(image)
    metadata = group.attrs.asdict()
    metadata.get("ome", metadata)["multiscales"][0]["axes"][0] = {"name": "position"}
    group.attrs.put(metadata)
    assert (open_labels(written(image))[:] == LABELS).all()


def test_ours_reads_them_with_record_place_and_size(image):
    target = written(image)
    found = read_image(target)
    np.testing.assert_array_equal(found.data, LABELS)
    assert (found.axes, found.spacing, found.unit) == ("yx", (0.5, 0.25), "µm")
    assert found.translation == (7.0, 0.0)
    assert read_record(target)["method"] == RECORD["method"]


def test_the_image_is_as_it_was(image):
    before = {path: path.read_bytes() for path in image.rglob("*") if path.is_file()}
    written(image)
    after = {path: path.read_bytes() for path in image.rglob("*") if path.is_file()}
    assert before.items() <= after.items()
    assert all("labels" in path.parts for path in after.keys() - before.keys())


def test_ome_zarr_finds_them_below_the_image(image, version):
    reader = pytest.importorskip("ome_zarr.reader", reason="ome-zarr is not installed")
    from ome_zarr.io import parse_url

    written(image)
    nodes = list(reader.Reader(parse_url(str(image)))())
    labels = next(node for node in nodes if node.zarr.basename() == "cells")
    assert [level.shape for level in labels.data] == [(1, 40, 51), (1, 20, 26), (1, 10, 13)]
    np.testing.assert_array_equal(labels.data[0].compute()[0], LABELS)
    np.testing.assert_array_equal(labels.data[1].compute()[0], LABELS[::2, ::2])
    first = labels.metadata["coordinateTransformations"][0]
    assert first == transformations("zyx", 1)
    assert [each["name"] for each in labels.metadata["axes"]] == list("zyx")
    expected = zarr.open_group(image / "labels" / "cells").metadata.zarr_format
    assert expected == {"0.4": 2, "0.5": 3}[version]


def test_ngio_finds_them_with_sizes_of_the_image(image):
    ngio = pytest.importorskip("ngio", reason="ngio is not installed")
    written(image)
    container = ngio.open_ome_zarr_container(image)
    assert container.list_labels() == ["cells"]
    label = container.get_label("cells")
    np.testing.assert_array_equal(label.get_as_numpy()[0], LABELS)
    assert (label.pixel_size.y, label.pixel_size.x) == (0.5, 0.25)
    assert label.pixel_size.space_unit == "micrometer"
    assert container.get_masked_image("cells").get_roi(3).shape[0] == 2


@pytest.mark.parametrize("kept_in_one_place", [False, True])
def test_readers_of_consolidated_metadata_find_them(image, kept_in_one_place):
    if kept_in_one_place:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(image)
    written(image)
    group = zarr.open_group(image, mode="r")
    assert group["labels/cells/0"].shape == (1, 40, 51)
    assert (group.metadata.consolidated_metadata is not None) == kept_in_one_place


def test_tiles_are_written_without_axes_of_length_one(image):
    target = labels_in(image, "tiles")
    made = create_labels(target, (40, 51), dtype=np.uint8, chunks=(16, 16), axes="yx")
    box = (slice(16, 32), slice(0, 51))
    made[box] = 3
    assert made.shape == open_labels(target).shape == (40, 51)
    assert (open_labels(target)[box] == 3).all()
    assert (np.asarray(open_labels(target)[...]) == 3).sum() == 16 * 51
    finish_labels(target, record=RECORD)
    assert zarr.open_group(target)["2"].shape == (1, 10, 13)
    assert (zarr.open_group(target)["2"][0, 4:8] == 3).all()


def test_stacks_have_time_and_depth(tmp_path, version):
    path = image_of(tmp_path / "a.zarr", (2, 3, 4, 12, 10), "tczyx", version, factors=(1, 2))
    stack = np.random.default_rng(0).integers(0, 9, (2, 4, 12, 10), dtype=np.uint32)
    target = written(path, stack, axes="tzyx")
    found = open_image(target)
    assert (found.axes, found.spacing, found.time_unit) == ("tzyx", (5.0, 2.0, 0.5, 0.25), "s")
    np.testing.assert_array_equal(found.data[...], stack)


def test_several_are_listed_once_each(image):
    for name in ("cells", "nuclei"):
        written(image, name=name)
    list_labels(image / "labels" / "cells")
    attributes = zarr.open_group(image / "labels").attrs.asdict()
    assert attributes.get("ome", attributes)["labels"] == ["cells", "nuclei"]


def test_what_is_there_is_kept_unless_allowed(image):
    target = written(image)
    with pytest.raises(FileExistsError, match=r"a.ome.zarr/labels/cells is there.*--overwrite"):
        labels_in(image, "cells")
    assert labels_in(image, "cells", overwrite=True) == target
    write_labels(target, LABELS[::-1])
    np.testing.assert_array_equal(read_image(target).data, LABELS[::-1])


def test_labels_of_another_program_are_never_replaced(image):
    foreign = labels_in(image, "drawn")
    zarr.open_group(foreign, mode="w")
    with pytest.raises(FileExistsError, match="was not written by napari-selfseg"):
        write_labels(labels_in(image, "drawn", overwrite=True), LABELS)


def no_zarr(path):
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("make", "name", "sentence"),
    [
        (lambda p: no_zarr(p / "a.tif"), "cells", "a.tif is no OME-Zarr image"),
        (lambda p: image_of(p / "a.zarr", (9, 9), "yx", "0.5") / "s1", "cells", "is a level"),
        (lambda p: image_of(p / "a.zarr", (9, 9), "yx", "0.5"), "a/b", "'a/b' cannot name labels"),
    ],
)
def test_what_has_no_room_is_a_sentence(tmp_path, make, name, sentence):
    with pytest.raises(ValueError, match=sentence):
        labels_in(make(tmp_path), name)


@pytest.mark.parametrize(
    ("shape", "axes", "version", "sentence"),
    [
        ((40, 50), "yx", "0.5", r"has a size of \(40, 50\), and these labels of \(40, 51\)"),
        ((51, 40), "xy", "0.5", "has its axes in the order xy"),
        ((40, 51), "yx", "0.3", "is OME-Zarr 0.3: labels are written into 0.4 and 0.5"),
    ],
)
def test_images_that_do_not_fit_are_a_sentence(tmp_path, shape, axes, version, sentence):
    path = image_of(tmp_path / "a.zarr", shape, axes, version)
    with pytest.raises(ValueError, match=sentence):
        write_labels(labels_in(path, "cells"), LABELS)
    assert not (path / "labels" / "cells").exists()


def test_named_classes_have_names_and_colours_in_ome_zarr(image):
    reader = pytest.importorskip("ome_zarr.reader", reason="ome-zarr is not installed")
    from ome_zarr.io import parse_url

    target = written(image)
    name_classes(target, {1: "nucleus", 2: "cell"})
    name_classes(target, {2: "cytoplasm"})
    nodes = list(reader.Reader(parse_url(str(image)))())
    metadata = next(node.metadata for node in nodes if node.zarr.basename() == "cells")
    assert metadata["properties"] == {1: {"name": "nucleus"}, 2: {"name": "cytoplasm"}}
    assert set(metadata["color"]) == {1, 2}
    assert metadata["color"][1] != metadata["color"][2]
    assert read_record(target)["method"] == RECORD["method"]


def test_names_of_folders_elsewhere_mean_nothing(tmp_path):
    image_of(tmp_path / "a.zarr", (9, 9), "yx", "0.5")
    assert image_of_labels(tmp_path / "a.zarr" / "labels" / "cells") == tmp_path / "a.zarr"
    assert image_of_labels(tmp_path / "a.zarr" / "others" / "cells") is None
    assert image_of_labels(tmp_path / "labels" / "cells") is None
    assert image_of_labels(tmp_path / "a.zarr" / "labels" / "cells" / "pieces.zarr") is None


def test_version_six_is_refused_in_a_sentence(tmp_path):
    """Images of 0.6 have coordinate systems in place of axes."""
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    system = {"name": "physical", "axes": [axis("y"), axis("x")]}
    level = {
        "path": "0",
        "coordinateTransformations": [
            {"type": "scale", "scale": [1, 1], "input": "0", "output": "physical"}
        ],
    }
    image = {"coordinateSystems": [system], "datasets": [level]}
    group.attrs.update({"ome": {"version": "0.6.dev4", "multiscales": [image]}})
    group.create_array("0", data=np.ones((9, 9)))
    with pytest.raises(ValueError, match=r"is OME-Zarr of version 0.6.dev4: those up to 0.5"):
        read_image(tmp_path / "a.zarr")
    with pytest.raises(ValueError, match=r"is OME-Zarr of version 0.6.dev4|0.6.dev4"):
        labels_in(tmp_path / "a.zarr", "cells")


@pytest.mark.parametrize(
    ("lengths", "picked"),
    [((9, 3), [1, 4, 7]), ((8, 4), [0, 2, 4, 6]), ((7, 4), [0, 2, 4, 6]), ((5, 3), [0, 2, 4])],
)
def test_a_coarser_pixel_is_one_in_the_middle(lengths, picked):
    long, short = (np.zeros((n, n), int) for n in lengths)
    long[...] = np.arange(long.size).reshape(long.shape)
    update_coarser([long, short], [slice(0, lengths[0])] * 2)
    np.testing.assert_array_equal(short, long[np.ix_(picked, picked)])


def test_uneven_levels_are_picked_one_by_one():
    long, short = np.arange(7 * 7).reshape(7, 7), np.zeros((3, 5), int)
    update_coarser([long, short], [slice(0, 7)] * 2)
    rows, columns = short[:, 0] // 7, short[0] % 7
    assert (np.diff(rows) > 0).all()
    assert (np.diff(columns) > 0).all()


def test_metadata_are_valid_for_the_models_of_another_library(image, version):
    written(image)
    yaozarrs = pytest.importorskip("yaozarrs")
    attributes = zarr.open_group(image / "labels" / "cells").attrs.asdict()
    kind = (yaozarrs.v04 if version == "0.4" else yaozarrs.v05).LabelImage
    told = kind.model_validate(json.loads(json.dumps(attributes.get("ome", attributes))))
    assert told.image_label.source.image == "../../"
