"""Some channels of an image, by the names that OME-Zarr gives them or by number."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import zarr

from napari_selfseg.io import open_image, read_image

DATA = np.arange(3 * 8 * 9, dtype=np.uint8).reshape(3, 8, 9)
NAMED = [
    {"label": "DAPI", "wavelength_id": "A01_C01"},
    {"label": "2", "wavelength_id": "A01_C02"},
    {"label": "DAPI", "wavelength_id": "A02_C01"},
]


def zarr_of(path, channels, data=DATA, version="0.4"):
    axes = [{"name": "c", "type": "channel"}, *({"name": a, "type": "space"} for a in "yx")]
    told = {"multiscales": [{"axes": axes, "datasets": [{"path": "0"}]}]}
    told["omero"] = {"channels": channels}
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    group.attrs.update(told if version == "0.4" else {"ome": {"version": version, **told}})
    group.create_array("0", data=data)
    return path


@pytest.mark.parametrize("read", [read_image, open_image])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    ("wanted", "expected"), [(["A02_C01"], 2), (["2"], 1), (["3", "A01_C01"], [2, 0])]
)
def test_channels_are_chosen_by_name_or_number(tmp_path, read, version, wanted, expected):
    found = read(zarr_of(tmp_path / "a.zarr", NAMED, version=version), channels=wanted)
    several = isinstance(expected, list)
    np.testing.assert_array_equal(found.data[...], np.moveaxis(DATA, 0, -1)[..., expected])
    assert (found.axes, found.channel_axis) == (("yxc", -1) if several else ("yx", None))
    assert len(found.channel_names) == len(wanted)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (["GFP"], r"'GFP': those of a\.zarr are 1 \(DAPI, A01_C01\), 2 \(2, A01_C02\), 3 \("),
        (["DAPI"], r"Several channels are called 'DAPI': those of a\.zarr are 1 "),
        (["4"], "There is no channel '4'"),
        (["0"], "There is no channel '0'"),
        (["1", "A01_C01"], "1, A01_C01 name one channel twice"),
    ],
)
def test_what_is_not_one_channel_is_a_sentence_with_those_there_are(tmp_path, wanted, sentence):
    path = zarr_of(tmp_path / "a.zarr", NAMED)
    with pytest.raises(ValueError, match=sentence):
        open_image(path, channels=wanted)


@pytest.mark.parametrize("channels", [[], None, "DAPI", [3, None, {}], NAMED[:2]])
def test_names_that_are_not_as_they_should_be_are_none(tmp_path, channels):
    path = zarr_of(tmp_path / "a.zarr", channels)
    assert read_image(path).channel_names == ()
    with pytest.raises(ValueError, match=r"'DAPI': those of a\.zarr are 1, 2, 3\.$"):
        read_image(path, channels=["DAPI"])


def test_the_only_channel_has_its_name(tmp_path):
    path = zarr_of(tmp_path / "a.zarr", NAMED[:1], DATA[:1])
    np.testing.assert_array_equal(read_image(path, channels=["DAPI"]).data, DATA[0])


def test_channels_of_other_files_have_numbers(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", DATA, metadata={"axes": "CYX"}, ome=True)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", channels=["2"]).data, DATA[1])
