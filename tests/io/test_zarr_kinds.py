"""Zarr as others write it: names of axes, sizes, places, and images inside of something else."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_selfseg.io import (
    create_labels,
    finish_labels,
    open_image,
    open_pyramid,
    read_image,
    write_labels,
)

RNG = np.random.default_rng(0)
DATA = RNG.integers(1, 200, (2, 3, 4, 12, 14), dtype=np.uint8)  # t c z y x
LABELS = RNG.integers(0, 9, (12, 14), dtype=np.uint16)


def ome(path, axes, *, scale=None, shift=None, common=None, data=DATA[0, 0, 0], version="0.4"):
    """Write an image of one level by hand; axes are names or what is said of them."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version < "0.5" else 3)
    group.create_array("0", data=np.ascontiguousarray(data))
    level = [{"type": "scale", "scale": scale}] if scale is not None else []
    level += [{"type": "translation", "translation": shift}] if shift is not None else []
    image = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": level}]}
    image |= {"coordinateTransformations": common} if common else {}
    if version < "0.5":
        group.attrs["multiscales"] = [image | {"version": version}]
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [image]}
    return path


def space(*names, **units):
    told = {a: {"unit": unit} for a, unit in units.items()}
    return [{"name": a, "type": "space"} | told.get(a, {}) for a in names]


@pytest.mark.parametrize("kind", ["v3", "v2"])
@pytest.mark.parametrize(
    ("names", "letters"),
    [
        ("time channel depth height width", "tczyx"),
        ("Time Channel Depth Height Width", "tczyx"),
        ("frame band plane row column", "tczyx"),
        ("t wavelength z latitude longitude", "tczyx"),
        ("band frames slice lat lon", "ctzyx"),
        ("T C Z Y X", "tczyx"),
        ("x y z c t", "xyzct"),
        ("width height depth channel time", "xyzct"),
    ],
)
def test_names_of_axes_may_be_words(tmp_path, kind, names, letters):
    names = names.split()
    if kind == "v3":
        zarr.create_array(tmp_path / "a.zarr", data=DATA, dimension_names=names)
    else:
        array = zarr.create_array(tmp_path / "a.zarr", data=DATA, zarr_format=2)
        array.attrs["_ARRAY_DIMENSIONS"] = names
    found = read_image(tmp_path / "a.zarr")
    assert found.axes == "tzyxc"
    np.testing.assert_array_equal(found.data, DATA.transpose([letters.index(a) for a in "tzyxc"]))
    assert (found.unit, set(found.unknown)) == ("pixel", set("tzyx"))


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        (["y", "row", "x"], (3, 4, 5)),
        (["y", "y", "x"], (3, 4, 5)),
        (["c", "band", "y", "x"], (2, 3, 4, 5)),
        (["lifetime", "y", "x"], (3, 4, 5)),
        ([None, "y", "x"], (3, 4, 5)),
        (["z", "y"], (3, 4)),
        (["band"], (4,)),
    ],
)
def test_axes_that_are_not_of_an_image_are_one_sentence(tmp_path, names, shape):
    zarr.create_array(tmp_path / "a.zarr", data=np.ones(shape, "u1"), dimension_names=names)
    sentence = rf"^a\.zarr has axes named .* of lengths {re.escape(str(shape))}: give an image"
    with pytest.raises(ValueError, match=sentence):
        read_image(tmp_path / "a.zarr")


def test_what_has_length_one_may_be_called_anything(tmp_path):
    data = DATA[:1, :1, :1]
    names = ["lifetime", "y", None, "row", "x"]
    zarr.create_array(tmp_path / "a.zarr", data=data, dimension_names=names)
    zarr.create_array(tmp_path / "b.zarr", data=data)
    zarr.create_array(tmp_path / "line.zarr", data=data[0, 0, 0, :1], dimension_names=["y", "x"])
    for name in "ab":
        np.testing.assert_array_equal(read_image(tmp_path / f"{name}.zarr").data, data[0, 0, 0])
    assert read_image(tmp_path / "line.zarr").data.shape == (1, 14)


@pytest.mark.parametrize("version", ["0.1", "0.3", "0.4", "0.5"])
@pytest.mark.parametrize(
    "axes",
    [
        [{"name": a} for a in "tczyx"],
        [{"name": a, "type": None} for a in "tczyx"],
        list("tczyx"),
        [{"name": n} for n in ("time", "channel", "depth", "height", "width")],
        [{"name": "a", "type": "time"}, {"name": "b", "type": "channel"}, *space(*"zyx")],
        [{"name": "c", "type": "custom"}, *space(*"zyx")],
    ],
)
def test_axes_need_no_types_and_no_order(tmp_path, axes, version):
    data = DATA if len(axes) == 5 else DATA[0]
    found = read_image(ome(tmp_path / "a.zarr", axes, data=data, version=version))
    expected = DATA.transpose(0, 2, 3, 4, 1)
    np.testing.assert_array_equal(found.data, expected if len(axes) == 5 else expected[0])
    assert set(found.unknown) == set(found.axes) - {"c"}
    swapped = read_image(ome(tmp_path / "b.zarr", axes[::-1], data=data.T, version=version))
    np.testing.assert_array_equal(swapped.data, found.data)


def test_the_first_versions_have_five_axes(tmp_path):
    path = ome(tmp_path / "a.zarr", [], data=DATA, version="0.2")
    group = zarr.open_group(path)
    image = dict(group.attrs["multiscales"][0])
    del image["axes"]
    group.attrs["multiscales"] = [image]
    assert read_image(path).axes == "tzyxc"


@pytest.mark.parametrize(
    ("units", "scale", "spacing", "unit", "unknown"),
    [
        (("micrometer", "nanometer", "nanometer"), (0.3, 65, 65), (300, 65, 65), "nm", ""),
        (("nanometer", "um", "micron"), (300, 0.065, 0.065), (0.3, 0.065, 0.065), "µm", ""),
        (("millimeter", "micrometer", "angstrom"), (1, 2, 5), (1e7, 2e4, 5), "Å", ""),
        ((None, None, None), (3, 1, 2), (3, 1, 2), "pixel", ""),
        ((None, "micrometer", "micrometer"), (1, 0.5, 0.5), (0.5, 0.5, 0.5), "µm", "z"),
        (("foot", "foot", "foot"), (1, 2, 2), (1, 2, 2), "ft", ""),
        (("US survey foot",) * 3, (1, 3937, 3937), (1200 / 3937, 1200, 1200), "m", ""),
        (("micrometer",) * 3, (1, 0, math.nan), (1, 1, 1), "µm", "yx"),
        (("micrometer",) * 3, (1, -2, math.inf), (1, 2, 2), "µm", "x"),
        (("micrometer",) * 3, None, (1, 1, 1), "pixel", "zyx"),
    ],
)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.filterwarnings("ignore:.*does not say the size")
def test_sizes_are_brought_to_one_unit(tmp_path, units, scale, spacing, unit, unknown, version):
    axes = space(*"zyx", **{a: u for a, u in zip("zyx", units, strict=True) if u})
    given = None if scale is None else list(scale)
    found = read_image(
        ome(tmp_path / "a.zarr", axes, scale=given, data=DATA[0, 0], version=version)
    )
    np.testing.assert_allclose(found.spacing, spacing, rtol=1e-12)
    assert (found.unit, found.unknown) == (unit, unknown)


@pytest.mark.parametrize("name", ["arbitrary unit", "reference frame", "cells"])
def test_units_that_are_none_are_said_and_kept_out(tmp_path, name):
    axes = space(*"yx", y=name, x=name)
    with pytest.warns(UserWarning, match=r"a\.zarr has pixels sized in .*, which is no unit of"):
        found = read_image(ome(tmp_path / "a.zarr", axes, scale=[4, 2]))
    assert (found.spacing, found.unit) == ((2, 1), "pixel")


def test_a_place_is_kept_from_file_to_file(tmp_path):
    """The scale of the image multiplies the shift of the level: first the level, then the image."""
    axes = [{"name": "c", "type": "channel"}, *space(*"zyx", z="micrometer", y="nm", x="nm")]
    common = [{"type": "scale", "scale": [1, 2, 2, 2]}]
    common += [{"type": "translation", "translation": [0, 1, 0, 100]}]
    how = {"scale": [1, 0.5, 10, 20], "shift": [9, 5, 3, 7], "common": common}
    image = read_image(ome(tmp_path / "a.zarr", axes, data=DATA[0], **how))
    assert (image.axes, image.unit, image.spacing) == ("zyxc", "nm", (1000, 20, 40))
    assert image.translation == (11_000, 6, 114)
    labels = np.repeat(LABELS[np.newaxis], 4, axis=0)
    write_labels(tmp_path / "l.zarr", labels, **image.place)
    place = {key: value for key, value in image.place.items() if key != "georeference"}
    array = create_labels(tmp_path / "m.zarr", (4, 12, 1100), dtype="u2", chunks=(1, 8, 8), **place)
    finish_labels(tmp_path / "m.zarr")
    assert array.shape == (4, 12, 1100)
    for path in ("l.zarr", "m.zarr", "m.zarr/1"):
        found = read_image(tmp_path / path)
        assert (found.translation, found.unit) == (image.translation, "nm")
    with pytest.warns(UserWarning, match=r"no room for the place of an image .* l\.tif begins at"):
        write_labels(tmp_path / "l.tif", labels, **image.place)


def test_no_place_is_invented(tmp_path):
    axes = space(*"yx", x="micrometer")
    with pytest.warns(UserWarning, match="does not say the size of a pixel in y"):
        found = read_image(ome(tmp_path / "a.zarr", axes, scale=[1, 2], shift=[5, 6]))
    assert found.translation == (0, 6)
    assert (
        read_image(ome(tmp_path / "b.zarr", space(*"yx"), scale=[1, 1], shift=[0, 0])).translation
        == ()
    )


@pytest.mark.parametrize("version", ["0.6", "0.6.dev1", "1.0"])
def test_newer_versions_are_one_sentence(tmp_path, version):
    path = ome(tmp_path / "a.zarr", space(*"yx"), version=version)
    sentence = rf"^a\.zarr is OME-Zarr of version {version}: those up to 0\.5 are read, write it as"
    with pytest.raises(ValueError, match=sentence):
        read_image(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"axes": space(*"zyx")}, "a transformation has not as many numbers as there are axes"),
        ({"axes": 5}, "axes Input should be a valid list"),
        ({"datasets": [{"path": 5}]}, "datasets.0.path Input should be a valid string"),
        (
            {"datasets": [{"path": "0", "coordinateTransformations": [{"type": "affine"}]}]},
            "datasets.0.coordinateTransformations.0 a transformation of the type 'affine' is not",
        ),
        ({"datasets": []}, "datasets List should have at least 1 item"),
    ],
)
def test_metadata_that_are_not_sound_are_one_sentence(tmp_path, change, sentence):
    path = ome(tmp_path / "a.zarr", space(*"yx"), scale=[1, 1])
    group = zarr.open_group(path)
    group.attrs["multiscales"] = [group.attrs["multiscales"][0] | change]
    with pytest.raises(ValueError, match=rf"^a\.zarr is not sound OME-Zarr: {re.escape(sentence)}"):
        read_image(path)


def plate(path):
    for well in ("A/1", "A/2", "B/1"):
        for field in "01":
            ome(path / well / field, space(*"yx"), scale=[0.1, 0.1])
    group = zarr.open_group(path, mode="a", zarr_format=2)
    wells = [{"path": each, "rowIndex": 0, "columnIndex": 0} for each in ("A/1", "A/2", "B/1")]
    group.attrs["plate"] = {"version": "0.4", "wells": wells}


def series(path):
    zarr.open_group(path, mode="w", zarr_format=2).attrs["bioformats2raw.layout"] = 3
    zarr.open_group(path / "OME", mode="w", zarr_format=2).attrs["series"] = ["0", "1"]
    for name in ("10", "2", "1"):
        ome(path / name, space(*"yx"), scale=[0.1, 0.1])


def cube(path):
    group = zarr.open_group(path, mode="w", zarr_format=2)
    known = {"band": ["band"], "lon": ["lon"], "a_word": [], "rgb": ["lat", "lon"]}
    for name, axes in known.items():
        array = group.create_array(name, data=np.ones((12, 14)[: len(axes)]))
        array.attrs["_ARRAY_DIMENSIONS"] = axes
    other = group.create_array("sst", data=np.ones((2, 12, 14)))
    other.attrs["_ARRAY_DIMENSIONS"] = ["time", "lat", "lon"]


def groups(path):
    root = zarr.open_group(path, mode="w")
    root.create_group("empty")
    root.create_group("one").create_group("two").create_array("line", data=np.ones(5))
    for name in "ab":
        ome(path / "one" / "two" / name, space(*"yx"), version="0.5")


def many_labels(path):
    ome(path, space(*"yx"))
    zarr.open_group(path / "labels", mode="w", zarr_format=2).attrs["labels"] = ["cells", "nuclei"]
    for name in ("cells", "nuclei"):
        ome(path / "labels" / name, space(*"yx"), scale=[0.1, 0.1])


@pytest.mark.parametrize(
    ("make", "below", "way"),
    [
        (plate, "", "A/1/0"),
        (plate, "A", "A/1/0"),
        (plate, "A/2", "A/2/0"),
        (series, "", "1"),
        (cube, "", "rgb"),
        (groups, "", "one/two/a"),
        (groups, "one", "one/two/a"),
        (many_labels, "labels", "labels/cells"),
    ],
)
def test_the_way_that_a_refusal_names_opens(tmp_path, make, below, way):
    make(tmp_path / "a.zarr")
    for read in (read_image, open_image, open_pyramid):
        with pytest.raises(ValueError, match=r" is not a single .*the path of one image") as no:
            read(tmp_path / "a.zarr" / below)
    named = re.search(r"such as (.*)\.$", str(no.value))[1]
    assert Path(named) == tmp_path / "a.zarr" / way
    assert read_image(named).data.shape == (12, 14)
    assert "\n" not in str(no.value)


def test_the_only_image_is_meant(tmp_path):
    zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    ome(tmp_path / "a.zarr" / "0", space(*"yx", x="nm", y="nm"), scale=[2, 3])
    for path in ("a.zarr", "a.zarr/0", "a.zarr/0/0"):
        found = read_image(tmp_path / path)
        assert (found.spacing, found.unit, found.name) == ((2, 3), "nm", str(tmp_path / path))
    (levels, _) = open_pyramid(tmp_path / "a.zarr")
    assert levels[0].spacing == (2, 3)


def test_levels_may_lie_in_folders(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    scales = [[{"type": "scale", "scale": [s, s]}] for s in (1, 2)]
    for level in range(2):
        inner = group.create_group(f"scale{level}")
        inner.create_array("image", data=DATA[0, 0, 0, :: level + 1, :: level + 1])
    datasets = [
        {"path": f"scale{k}/image", "coordinateTransformations": s} for k, s in enumerate(scales)
    ]
    image = {"version": "0.4", "axes": space(*"yx", x="um", y="um"), "datasets": datasets}
    group.attrs["multiscales"] = [image]
    found = read_image(tmp_path / "a.zarr/scale1/image")
    assert (found.spacing, found.unit) == ((2, 2), "µm")


@pytest.mark.parametrize("name", ["folder", "image.n5.x", "A.ZARR"])
def test_a_zarr_is_one_by_any_name(tmp_path, name):
    zarr.create_array(tmp_path / name, data=LABELS)
    np.testing.assert_array_equal(read_image(tmp_path / name).data, LABELS)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("words", r"^a\.zarr holds .*: give an image of numbers"),
        ("five", r"^a\.zarr is an array of 5 axes without names: give"),
        ("empty", r"^a\.zarr holds no image that is read, or a damaged one\.$"),
        ("axes", r"^a\.zarr is damaged: its level 0 has 2 axes, and 3 are described\.$"),
        ("zip", r"^a\.zarr\.zip is packed: unpack it first\.$"),
        ("chunks", r"^a\.zarr/c is no zarr folder, or a damaged one\.$"),
        ("folder", r"b is a folder, and no image: give a file in it, or an OME-Zarr\.$"),
    ],
)
def test_what_is_no_image_is_one_sentence(tmp_path, kind, sentence):
    path = tmp_path / "a.zarr"
    if kind == "words":
        zarr.create_array(path, data=np.array([["a", "b"]], dtype="U1"), zarr_format=2)
    elif kind == "five":
        zarr.create_array(path, data=DATA)
    elif kind == "empty":
        zarr.open_group(path, mode="w")
    elif kind == "axes":
        ome(path, space(*"zyx"))
    elif kind == "zip":
        path = tmp_path / "a.zarr.zip"
        path.write_bytes(b"PK")
    elif kind == "folder":
        path = tmp_path / "b"
        path.mkdir()
    else:
        zarr.create_array(path, data=LABELS)
        path = path / "c"
    with pytest.raises((ValueError, OSError), match=sentence):
        read_image(path)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_are_those_that_an_image_lists(tmp_path, version):
    image = Path(ome(str(tmp_path / "x.zarr"), space("y", "x"), version=version))
    form = 2 if version < "0.5" else 3
    group = zarr.open_group(image / "labels", mode="w", zarr_format=form)
    listed = {"labels": ["cells"]}
    group.attrs.update(listed if version < "0.5" else {"ome": {"version": version, **listed}})
    for name in ("cells", "other"):
        ome(str(image / "labels" / name), space("y", "x"), data=LABELS, version=version)
    parts = ("", "0", "labels/cells", "labels/cells/0", "labels/other", "labels/other/0")
    found = [open_pyramid(image / part)[1] for part in parts]
    assert found == [False, False, True, True, False, False]
