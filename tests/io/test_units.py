"""Sizes of pixels: one unit for all axes, by any of its names, and nothing that is not said."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tifffile
import zarr

from napari_selfseg.io import open_image, read_image, write_labels
from napari_selfseg.io._units._units import steps_of

PLANE = np.random.default_rng(0).integers(0, 255, (12, 15), dtype=np.uint8)
STACK = np.random.default_rng(0).integers(0, 255, (5, 12, 15), dtype=np.uint8)
MOVIE = np.random.default_rng(0).integers(0, 255, (3, 5, 12, 15), dtype=np.uint8)


@pytest.fixture
def ome(tmp_path):
    """Write an OME-TIFF with attributes of its pixels; read it both ways."""

    def read(axes="ZYX", **attributes):
        data = {"YX": PLANE, "ZYX": STACK, "TZYX": MOVIE}[axes]
        path = tmp_path / "a.ome.tif"
        tifffile.imwrite(path, data, photometric="minisblack", metadata={"axes": axes})
        xml = tifffile.tiffcomment(path)
        words = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        changed = re.sub(r"(<Pixels )", rf"\1{words} ", xml).encode()
        tifffile.imwrite(
            path, data, photometric="minisblack", description=changed, metadata=None, ome=False
        )
        return both(path)

    return read


@pytest.fixture
def imagej(tmp_path):
    """Write an ImageJ TIFF with lines of its description; read it both ways."""

    def read(axes="ZYX", resolution=(2, 4), resolutionunit=None, **lines):
        data = {"YX": PLANE, "ZYX": STACK, "TZYX": MOVIE}[axes]
        how = {"imagej": True, "resolution": resolution, "resolutionunit": resolutionunit}
        tifffile.imwrite(tmp_path / "a.tif", data, metadata={"axes": axes, **lines}, **how)
        return both(tmp_path / "a.tif")

    return read


def both(path):
    found, on_disk = read_image(path), open_image(path)
    for name in ("spacing", "unit", "time_unit", "unknown", "notes", "place"):
        assert getattr(found, name) == getattr(on_disk, name)
    return found


def sizes(axis, size, unit=None):
    found = {f"PhysicalSize{axis}": size}
    return found if unit is None else found | {f"PhysicalSize{axis}Unit": unit}


NAMES = [
    ("microns", "µm"),
    ("micron", "µm"),
    ("Micrometers", "µm"),
    ("micrometre", "µm"),
    ("um", "µm"),
    (r"\u00B5m", "µm"),
    (r"\u03bcm", "µm"),
    ("inch", "in"),
    ("inches", "in"),
    ("nm", "nm"),
    ("NM", "nm"),
    ("nanometers", "nm"),
    ("mm", "mm"),
    ("cm", "cm"),
    ("m", "m"),
    ("meter", "m"),
    ("Angstrom", "Å"),
    ("pixel", "pixel"),
    ("pixels", "pixel"),
]


@pytest.mark.parametrize(("spelled", "sign"), NAMES)
def test_units_of_imagej_by_any_name(imagej, tmp_path, spelled, sign):
    found = imagej("YX", unit=spelled)
    assert (found.spacing, found.unit) == ((0.25, 0.5), sign)
    write_labels(tmp_path / "l.tif", np.ones((12, 15), np.uint8), **found.place)
    xml = tifffile.tiffcomment(tmp_path / "l.tif")
    assert set(re.findall(r'PhysicalSize.Unit="([^"]*)"', xml)) == {sign}


@pytest.mark.parametrize(
    ("spelled", "code"),
    [
        ("µm", "utf-8"),
        ("µm", "latin-1"),
        ("\u03bcm", "utf-8"),
        ("\u00c2\u00b5m", "utf-8"),
        ("\u212b", "utf-8"),
    ],
)
def test_letters_that_are_none_of_ascii(tmp_path, spelled, code):
    words = f"ImageJ=1.11a\nimages=1\nunit={spelled}\n".encode(code)
    how = {"metadata": None, "description": words, "resolution": (2, 4)}
    tifffile.imwrite(tmp_path / "a.tif", PLANE, **how)
    found = both(tmp_path / "a.tif")
    assert (found.spacing, found.unit) == ((0.25, 0.5), "Å" if spelled == "\u212b" else "µm")


@pytest.mark.parametrize("name", ["cells", "sec", "reference frame", "my own"])
def test_what_is_no_unit_of_length_is_said_and_left_out(imagej, tmp_path, name):
    with pytest.warns(UserWarning, match=rf"^a\.tif has pixels sized in '{name}', which is no"):
        found = imagej("YX", unit=name)
    assert (found.spacing, found.unit) == ((0.5, 1), "pixel")
    write_labels(tmp_path / "l.tif", np.ones((12, 15), np.uint8), **found.place)
    assert name not in tifffile.tiffcomment(tmp_path / "l.tif")


@pytest.mark.parametrize(
    ("name", "unit", "factor"),
    [
        ("US survey foot", "m", 1200 / 3937),
        ("thou", "in", 1e-3),
        ("li", "in", 1 / 12),
        ("pt", "in", 1 / 72),
        ("ua", "km", 149_597_870.7),
        ("dam", "m", 10),
    ],
)
def test_units_that_not_everybody_knows_are_converted(ome, name, unit, factor):
    found = ome("YX", **sizes("X", 3, name), **sizes("Y", 6, name))
    assert found.unit == unit
    np.testing.assert_allclose(found.spacing, (6 * factor, 3 * factor))


def test_axes_in_different_units_of_ome_tiff(ome):
    found = ome(**sizes("X", 65, "nm"), **sizes("Y", 0.065), **sizes("Z", 3e-4, "mm"))
    np.testing.assert_allclose(found.spacing, (300, 65, 65))
    assert found.unit == "nm"


def test_axes_in_different_units_of_imagej(imagej):
    found = imagej(unit="nm", yunit="um", zunit=r"\u00B5m", spacing=0.3)
    np.testing.assert_allclose(found.spacing, (300, 250, 0.5))
    assert found.unit == "nm"


def test_micrometres_unless_named_hold_for_each_axis(ome):
    found = ome(**sizes("X", 65, "nm"), **sizes("Y", 65, "nm"), **sizes("Z", 0.3))
    np.testing.assert_allclose(found.spacing, (300, 65, 65))


@pytest.mark.parametrize("z", [None, "0", "NaN", "INF", "-INF"])
def test_an_unknown_step_is_said_and_not_written(ome, tmp_path, z):
    stated = {} if z is None else sizes("Z", z)
    with pytest.warns(UserWarning, match=r"^a\.ome\.tif does not say the size of a pixel in z: it"):
        found = ome(**sizes("X", 0.065), **sizes("Y", 0.065), **stated)
    assert (found.spacing, found.unit, found.unknown) == ((0.065,) * 3, "µm", "z")
    assert found.measure == {"spacing": (1, 1, 1), "unit": "pixel"}
    write_labels(tmp_path / "l.tif", STACK, **found.place)
    xml = tifffile.tiffcomment(tmp_path / "l.tif")
    assert re.findall(r'PhysicalSize(.)="', xml) == ["X", "Y"]
    write_labels(tmp_path / "l.zarr", STACK, **found.place)
    image = zarr.open_group(str(tmp_path / "l.zarr")).attrs["ome"]["multiscales"][0]
    assert [axis.get("unit") for axis in image["axes"]] == [None, "micrometer", "micrometer"]


def test_imagej_leaves_out_a_step_of_one(imagej):
    with pytest.warns(UserWarning, match="the size of a pixel in z: it is taken as 1 µm"):
        found = imagej(unit="um")
    assert (found.spacing, found.unknown) == ((1, 0.25, 0.5), "z")


def test_a_sign_is_a_direction(imagej, ome):
    assert imagej(unit="um", spacing=-2.0).spacing == (2, 0.25, 0.5)
    assert ome(**sizes("X", -2), **sizes("Y", 2), **sizes("Z", -3)).spacing == (3, 2, 2)


def test_without_sizes_labels_claim_none(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", PLANE)
    found = both(tmp_path / "a.tif")
    assert (found.spacing, found.unit, found.unknown) == ((1, 1), "pixel", "yx")
    write_labels(tmp_path / "l.tif", PLANE, **found.place)
    assert "PhysicalSize" not in tifffile.tiffcomment(tmp_path / "l.tif")


@pytest.mark.parametrize(("code", "unit"), [(1, "pixel"), (2, "in"), (3, "cm")])
def test_resolution_of_imagej_without_a_unit(imagej, code, unit):
    assert imagej("YX", resolutionunit=code).unit == unit


def test_resolution_of_a_screen_is_none(imagej):
    found = imagej("YX", resolution=(72, 72), resolutionunit=2)
    assert found.unit == "pixel"


@pytest.mark.parametrize("unit", ["INCH", "CENTIMETER", "NONE"])
def test_resolution_of_a_plain_tiff_is_not_believed(tmp_path, unit):
    tifffile.imwrite(tmp_path / "a.tif", PLANE, resolution=(300, 300), resolutionunit=unit)
    assert both(tmp_path / "a.tif").unit == "pixel"


def test_steps_in_time(imagej, ome, tmp_path):
    size = sizes("X", 1) | sizes("Y", 1) | sizes("Z", 1)
    for found, step in (
        (ome("TZYX", TimeIncrement=5, TimeIncrementUnit="min", **size), (5, "min")),
        (ome("TZYX", TimeIncrement=5, **size), (5, "s")),
        (imagej("TZYX", finterval=0.5, unit="um", spacing=1.0), (0.5, "s")),
        (imagej("TZYX", finterval=0.5, tunit="msec", unit="um", spacing=1.0), (0.5, "ms")),
        (ome("TZYX", **size), (1, "")),
    ):
        assert (found.spacing[0], found.time_unit) == step
        write_labels(tmp_path / "l.ome.tif", MOVIE, **found.place)
        again = both(tmp_path / "l.ome.tif")
        assert (again.spacing[0], again.time_unit, again.unknown) == (*step, found.unknown)
        write_labels(tmp_path / "l.zarr", MOVIE, **found.place)
        axis = zarr.open_group(str(tmp_path / "l.zarr")).attrs["ome"]["multiscales"][0]["axes"][0]
        assert axis.get("unit") == {"min": "minute", "s": "second", "ms": "millisecond"}.get(
            step[1]
        )


def test_axes_with_other_kinds_of_units_are_not_known():
    found = steps_of("zyx", {"z": (3, "pixel"), "y": (2, "um"), "x": (2, "um")})
    assert (found.spacing, found.unknown) == ((2, 2, 2), "z")
    found = steps_of("zyx", {"z": (3, "slices"), "y": (2, ""), "x": (2, None)})
    assert (found.spacing, found.unit, found.unknown) == ((2, 2, 2), "pixel", "z")
    assert steps_of("yx", {}).unknown == "yx"


def test_a_strange_unit_of_labels_is_said(tmp_path):
    with pytest.warns(UserWarning, match="'furlong' is no unit of length: labels get the ratio"):
        write_labels(tmp_path / "l.tif", STACK, spacing=(6, 3, 3), unit="furlong")
    assert both(tmp_path / "l.tif").spacing == (2, 1, 1)
