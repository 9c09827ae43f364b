"""``--as objects``: in every command that gives labels, with sizes in units."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile
from scipy import ndimage as ndi

import napari_selfseg as ss
from napari_selfseg.cli import main
from napari_selfseg.io import read_record, save_fit

HERE = ["--device", "cpu", "--threads", "1"]
QUICK = ["--method", "backprop", "--iterations", "3", "--channels", "8", *HERE]
# Radii of 8 and 5 pixels of 0.5 µm.
LARGE = [(20, 20), (20, 60), (50, 40), (80, 20)]
SMALL = [(50, 80), (80, 60), (85, 90)]


@pytest.fixture
def nuclei(tmp_path):
    y, x = np.indices((100, 110))
    image = np.zeros(y.shape)
    for radius, middles in ((8, LARGE), (5, SMALL)):
        for a, b in middles:
            image[(y - a) ** 2 + (x - b) ** 2 <= radius**2] = 150
    image = ndi.gaussian_filter(image, 1) + np.random.default_rng(0).integers(0, 12, y.shape)
    path = tmp_path / "nuclei.ome.tif"
    size = {f"PhysicalSize{a}": 0.5 for a in "XY"} | {f"PhysicalSize{a}Unit": "µm" for a in "XY"}
    tifffile.imwrite(path, image.astype(np.uint8), metadata={"axes": "YX", **size})
    return path


def made(nuclei, out, *words):
    assert main(["segment", str(nuclei), "--as", "objects", "-o", str(out), *words]) == 0
    return tifffile.imread(out)


def numbers(labels):
    return set(np.unique(labels)) - {0}


def refused(capsys, *words):
    code = main(list(map(str, words)))
    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2
    return line


def test_without_a_method_objects_are_found(nuclei, tmp_path):
    out, again = tmp_path / "a.tif", tmp_path / "b.tif"
    labels = made(nuclei, out, *HERE)
    assert len(numbers(labels)) == 7
    assert read_record(out)["method"]["name"] == "objects"
    large = made(nuclei, again, "--smallest", "30um2", *HERE)
    assert len(numbers(large)) == 4
    # 30 µm² are 120 pixels, and the numbers are those of before.
    kept = large > 0
    np.testing.assert_array_equal(large[kept], labels[kept])
    assert read_record(again)["finish"]["smallest"] == 120
    small = made(nuclei, again, "--largest", "0.00003mm2", *HERE)
    assert numbers(small) == numbers(labels) - numbers(large)


def test_segments_of_a_method_are_finished_measured_and_replayed(nuclei, tmp_path):
    out, again, table = (tmp_path / name for name in ("a.tif", "b.tif", "a.csv"))
    labels = made(nuclei, out, *QUICK, "--smallest", "30um2", "--objects", str(table))
    assert len(numbers(labels)) == 4
    with table.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["label"]) for row in rows} == numbers(labels)
    for row in rows:
        area = (labels == int(row["label"])).sum() * 0.25
        assert float(row["area (µm²)"]) == pytest.approx(area)
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), labels)


def test_volumes_are_limited_and_measured_in_their_unit(tmp_path):
    z, y, x = np.indices((12, 40, 60)) * np.reshape((2.0, 0.5, 0.5), (3, 1, 1, 1))
    image = np.random.default_rng(0).normal(10, 2, z.shape)
    for a, b, c, radius in ((12, 7, 7, 5), (12, 13, 18, 5), (12, 5, 26, 3)):
        image[(z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 <= radius**2] += 150
    volume, out, table = (tmp_path / name for name in ("v.ome.tif", "v.tif", "v.csv"))
    steps = zip("XYZ", (0.5, 0.5, 2.0), strict=True)
    size = {f"PhysicalSize{a}": step for a, step in steps}
    size |= {f"PhysicalSize{a}Unit": "µm" for a in "XYZ"}
    shown = ndi.gaussian_filter(image, (0.3, 1, 1)).clip(0, 255).astype(np.uint8)
    tifffile.imwrite(volume, shown, metadata={"axes": "ZYX", **size})
    words = [*QUICK, "--smallest", "200um3", "--objects", str(table)]
    labels = made(volume, out, *words)
    assert len(numbers(labels)) == 2
    with table.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        found = (labels == int(row["label"])).sum() * 0.5
        assert float(row["volume (µm³)"]) == pytest.approx(found)
        assert found == pytest.approx(4 / 3 * np.pi * 5**3, rel=0.35)


def test_batches_keep_units_in_the_recipe_and_models_are_finished(nuclei, tmp_path):
    folder = tmp_path / "done"
    flags = ["--as", "objects", "--smallest", "30um2"]
    assert main(["batch", str(nuclei), "-o", str(folder), *QUICK, *flags]) == 0
    (out,) = folder.rglob("*.tif")
    assert len(numbers(tifffile.imread(out))) == 4
    assert read_record(out)["recipe"]["finish"]["smallest"] == "30 um²"
    run = ss.segment(
        ss.read_image(nuclei).data,
        ss.Backprop(iterations=3, channels=8),
        device="cpu",
        threads=1,
    )
    save_fit(run.fit, tmp_path / "m.safetensors")
    words = ["apply", str(tmp_path / "m.safetensors"), str(nuclei), "-o", str(tmp_path / "ap")]
    assert main([*words, *flags, *HERE]) == 0
    (out,) = (tmp_path / "ap").rglob("*.tif")
    assert len(numbers(tifffile.imread(out))) == 4


def test_what_does_not_go_together_is_refused(nuclei, tmp_path, capsys):
    out = tmp_path / "a.tif"
    words = ["segment", nuclei, "-o", out]
    said = refused(capsys, *words, *QUICK, "--largest", "20um2")
    assert "--largest is of objects: give --as objects as well." in said
    assert "20 um³ is a volume" in refused(capsys, *words, "--as", "objects", "--smallest", "20um3")
    assert "must be a number of pixels" in refused(
        capsys, *words, *QUICK, "--as", "objects", "--smallest", "20um"
    )
    said = refused(capsys, *words, *QUICK, "--as", "objects", "--tile", "64")
    assert "in an image as a whole" in said
    bare = tmp_path / "bare.tif"
    tifffile.imwrite(bare, ss.read_image(nuclei).data)
    said = refused(
        capsys, "segment", bare, "-o", out, *QUICK, "--as", "objects", "--smallest", "9um2"
    )
    assert "does not say how large its pixels are" in said
    assert not out.exists()
