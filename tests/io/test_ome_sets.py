"""OME-TIFF in several files: all of it from any of them, or a sentence on what is missing."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tifffile

from napari_selfseg.io import open_image, read_image

SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
PLANES = np.random.default_rng(0).integers(0, 255, (3, 64, 64), dtype=np.uint8)
# Those that are nearly empty take less space, and some are larger than others.
PLANES[0, 8:] = 0
PLANES[1, 32:] = 0
NAMES = ["z0.ome.tif", "z1.ome.tif", "z2.ome.tif"]


def uuid(k):
    return f"urn:uuid:00000000-0000-0000-0000-00000000000{k}"


def description(names, own, *, planes=3, parts=None):
    data = parts or "".join(
        f'<TiffData IFD="0" FirstZ="{k}" PlaneCount="1"><UUID FileName="{name}">{uuid(k)}</UUID>'
        "</TiffData>"
        for k, name in enumerate(names)
    )
    own = "" if own is None else f' UUID="{own}"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{SCHEMA}"{own}><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="64" SizeY="64" '
        f'SizeZ="{planes}" SizeC="1" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5" '
        'PhysicalSizeZ="2"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        f"{data}</Pixels></Image></OME>"
    )


def write(folder, name, planes, xml, **how):
    how = {"photometric": "minisblack", "metadata": None, "description": xml.encode()} | how
    tifffile.imwrite(folder / name, planes, **how)


def written(folder, **how):
    for k, name in enumerate(NAMES):
        write(folder, name, PLANES[k], description(NAMES, uuid(k)), **how)


def check(path):
    for read in (read_image, open_image):
        found = read(path)
        np.testing.assert_array_equal(found.data[...], PLANES)
        assert (found.axes, found.spacing, found.unit) == ("zyx", (2, 0.5, 0.5), "µm")


def refused(path, sentence):
    for read in (read_image, open_image):
        with pytest.raises(ValueError, match=rf"^{re.escape(path.name)} {sentence}"):
            read(path)


@pytest.mark.parametrize("how", [{}, {"compression": "zlib"}, {"tile": (32, 32)}])
@pytest.mark.parametrize("name", NAMES)
def test_a_set_from_any_of_its_files(tmp_path, name, how):
    written(tmp_path, **how)
    check(tmp_path / name)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_missing_file_is_named(tmp_path, k):
    written(tmp_path)
    (tmp_path / NAMES[k]).unlink()
    for name in set(NAMES) - {NAMES[k]}:
        refused(tmp_path / name, rf"is part of a set of files, of which {NAMES[k]} is missing \(1 ")


def test_a_renamed_file_of_a_set_is_missing(tmp_path):
    written(tmp_path)
    (tmp_path / NAMES[0]).rename(tmp_path / "first.ome.tif")
    refused(tmp_path / NAMES[1], rf"is part of a set of files, of which {NAMES[0]} is missing")
    check(tmp_path / "first.ome.tif")


@pytest.mark.parametrize("own", [None, uuid(0), uuid(7)])
def test_a_file_with_all_planes_may_be_renamed(tmp_path, own):
    parts = (
        f'<TiffData IFD="0" PlaneCount="3"><UUID FileName="old.ome.tif">{uuid(0)}</UUID></TiffData>'
    )
    write(tmp_path, "new.ome.tif", PLANES, description([], own, parts=parts))
    check(tmp_path / "new.ome.tif")


@pytest.mark.parametrize("how", [{}, {"compression": "zlib"}])
def test_planes_that_are_nowhere_are_no_zeros(tmp_path, how):
    xml = description([], None, parts='<TiffData IFD="0" FirstZ="0" PlaneCount="2"/>')
    write(tmp_path, "a.ome.tif", PLANES[:2], xml, **how)
    refused(tmp_path / "a.ome.tif", "describes 3 planes and holds 2 of them")


def test_more_planes_than_there_are_pages(tmp_path):
    xml = description([], None, planes=5, parts='<TiffData IFD="0" PlaneCount="5"/>')
    write(tmp_path, "a.ome.tif", PLANES, xml)
    refused(tmp_path / "a.ome.tif", "describes 5 planes and holds 3 of them")


def test_a_gap_in_the_middle(tmp_path):
    parts = "".join(f'<TiffData IFD="{k}" FirstZ="{2 * k}" PlaneCount="1"/>' for k in range(2))
    write(tmp_path, "a.ome.tif", PLANES[:2], description([], None, parts=parts))
    refused(tmp_path / "a.ome.tif", "describes 3 planes and holds 2 of them")


@pytest.fixture(params=["set.companion.ome", "master.ome.tif"])
def companion(request, tmp_path):
    """Write planes that leave their description to another file."""
    own = uuid(9 if request.param == "set.companion.ome" else 2)
    names = NAMES if request.param == "set.companion.ome" else [*NAMES[:2], request.param]
    for k in range(3):
        where = f'<BinaryOnly MetadataFile="{request.param}" UUID="{own}"/>'
        xml = f'<OME xmlns="{SCHEMA}" UUID="{uuid(k)}">{where}</OME>'
        write(tmp_path, NAMES[k], PLANES[k], xml)
    xml = description(names, own)
    if request.param == "set.companion.ome":
        (tmp_path / request.param).write_text(xml, encoding="utf-8")
    else:
        (tmp_path / NAMES[2]).unlink()
        write(tmp_path, request.param, PLANES[2], xml)
    return tmp_path / request.param


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_description_in_another_file(companion, name):
    check(companion.with_name(name))
    companion.unlink()
    refused(companion.with_name(name), rf"is part of a set that {companion.name} describes, which")
