"""A plate of 2 x 3 wells with 2 fields each: all, some, and the rest after an end in the middle."""

from __future__ import annotations

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
