"""A plate of 2 x 3 wells with 2 fields each: all, some, and the rest after an end in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import zarr

from napari_selfseg.io import fields_of, read_image, read_record
from napari_selfseg.methods import Backprop
from napari_selfseg.scale import Batch, Recipe

ROWS, COLUMNS, FIELDS = "AB", "123", "01"
NAMES = [f"{row}/{column}/{field}" for row in ROWS for column in COLUMNS for field in FIELDS]
RECIPE = Recipe(Backprop(iterations=1, channels=4, min_labels=1))
HOW = {"device": "cpu", "threads": 1}


def image(group, name, number, ome):
    field = group.create_group(name)
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5]}]}
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    field.attrs.update(
        ome({"multiscales": [{"version": "0.4", "axes": axes, "datasets": [level]}]})
    )
    pixels = np.random.default_rng(number).integers(0, 255, (24, 32), dtype=np.uint8)
    field.create_array("0", data=pixels)


@pytest.fixture(params=["0.4", "0.5"])
def plate(tmp_path, request):
    """A plate as its specification has it."""
    two = request.param == "0.4"

    def ome(told):
        return told if two else {"ome": {"version": "0.5", **told}}

    path = tmp_path / "plate.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2 if two else 3)
    wells = [
        {"path": f"{row}/{column}", "rowIndex": y, "columnIndex": x}
        for y, row in enumerate(ROWS)
        for x, column in enumerate(COLUMNS)
    ]
    listed = {"rows": [{"name": r} for r in ROWS], "columns": [{"name": c} for c in COLUMNS]}
    group.attrs.update(ome({"plate": listed | {"wells": wells, "version": request.param}}))
    for k, name in enumerate(NAMES):
        well = group.require_group(name[:3])
        well.attrs.update(ome({"well": {"images": [{"path": f} for f in FIELDS]}}))
        image(well, name[4:], k, ome)
    return path


def test_fields_come_in_the_order_of_the_plate(plate):
    assert fields_of(plate) == [plate / name for name in NAMES]
    assert fields_of(plate / "B" / "2") == [plate / "B/2/0", plate / "B/2/1"]
    assert fields_of(plate / "B" / "2" / "0") == []
    assert fields_of(plate.parent) == []


def test_a_plate_that_was_ended_in_the_middle_goes_on(plate, tmp_path):
    out = tmp_path / "out"
    first = Batch([plate], RECIPE, out, into_image="cells", **HOW)
    for _, entry in zip(range(5), first, strict=False):
        assert entry.state == "done"
    first.close()
    done = [name for name in NAMES if (plate / name / "labels" / "cells").exists()]
    assert done == NAMES[:5]
    before = {name: (plate / name / "labels/cells").stat().st_mtime_ns for name in done}
    entries = list(Batch([plate], RECIPE, out, into_image="cells", resume=True, **HOW))
    assert [entry.before for entry in entries] == [True] * 5 + [False] * 7
    after = {name: (plate / name / "labels/cells").stat().st_mtime_ns for name in done}
    assert before == after
    for name in NAMES:
        target = plate / name / "labels" / "cells"
        assert read_image(target).data.shape == (24, 32)
        assert read_record(target)["recipe"] == RECIPE.as_dict()
    table = (out / "batch.csv").read_text(encoding="utf-8")
    assert table.count(",done,") == len(NAMES)


# Kills itself before the N-th time that it writes, renames or makes something in the plate.
CHILD = """
import os, signal, sys

def see(event, args):
    if event in ("os.mkdir", "os.rename") or (event == "open" and "w" in str(args[1])):
        if isinstance(args[0], (str, os.PathLike)) and "plate.zarr" in os.fspath(args[0]):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

left = [int(sys.argv[1])]
sys.addaudithook(see)
from napari_selfseg.cli import main
sys.exit(main(sys.argv[2:]))
"""


def made(plate):
    """When the labels of each field were made that are whole."""
    found = plate.glob("*/*/*/labels/cells")
    return {
        str(each.relative_to(plate)): each.stat().st_mtime_ns
        for each in found
        if (each / "0").is_dir()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("plate", ["0.4"], indirect=True)
def test_a_plate_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice(
    plate, tmp_path
):
    undisturbed = tmp_path / "undisturbed" / "plate.zarr"
    shutil.copytree(plate, undisturbed)
    recipe = tmp_path / "recipe.json"
    RECIPE.save(recipe)
    words = ["batch", str(plate), "-o", str(tmp_path / "out"), "--into-image", "cells", "--resume"]
    words += ["--recipe", str(recipe), "--device", "cpu", "--threads", "1"]
    before = {}
    # Some 160 for the groups of all labels, where they are not there yet, and 50 a field.
    for at in np.random.default_rng(7).integers([270, 60], [420, 200]):
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(at), *words], env=os.environ, check=False
        )
        assert done.returncode == -signal.SIGKILL, at
        now = made(plate)
        assert before.items() <= now.items(), "nothing is made twice"
        before = now
    assert 0 < len(before) < len(NAMES), "test invalid"
    entries = list(Batch([plate], RECIPE, tmp_path / "out", into_image="cells", resume=True, **HOW))
    assert [each.state for each in entries] == ["done"] * len(NAMES)
    assert sum(each.before for each in entries) == len(before)
    assert before.items() <= made(plate).items()
    list(Batch([undisturbed], RECIPE, tmp_path / "other", into_image="cells", **HOW))
    for name in NAMES:
        one, two = (read_image(each / name / "labels/cells").data for each in (plate, undisturbed))
        np.testing.assert_array_equal(one, two)
    # A file that zarr was writing when it was killed stays, under another name.
    files = [
        sorted(p.relative_to(e) for p in e.rglob("*") if p.suffix != ".partial")
        for e in (plate, undisturbed)
    ]
    assert files[0] == files[1], "nothing else is left over"


def test_wells_and_fields_are_chosen_by_a_pattern(plate, tmp_path):
    chosen = [str(plate / "A" / "*" / "1"), str(plate / "B" / "3")]
    batch = Batch(chosen, RECIPE, tmp_path / "out", into_image="cells", **HOW)
    names = [str(each.target.parents[1].relative_to(plate)) for each in batch.entries]
    assert names == ["A/1/1", "A/2/1", "A/3/1", "B/3/0", "B/3/1"]


def test_a_plate_that_lists_what_is_not_there_is_a_sentence(plate, tmp_path):
    (plate / "A" / "2").rename(tmp_path / "away")
    with pytest.raises(ValueError, match=r"plate.zarr/A/2 is listed in its plate, and is no well"):
        Batch([plate], RECIPE, tmp_path / "out", into_image="cells")


def test_ngio_finds_the_labels_in_each_field(plate, tmp_path):
    ngio = pytest.importorskip("ngio", reason="ngio is not installed")
    some = [plate / "A" / "1", plate / "B" / "3" / "0"]
    batch = Batch(some, RECIPE, tmp_path / "out", into_image="cells", **HOW)
    assert len(list(batch)) == 3
    opened = ngio.open_ome_zarr_plate(plate)
    with_labels = [
        k for k, v in opened.get_images(max_workers=1).items() if v.list_labels() == ["cells"]
    ]
    assert with_labels == ["A/1/0", "A/1/1", "B/3/0"]
