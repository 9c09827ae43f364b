"""A plate as a picture: where its fields lie, which are chosen, and what became of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, Qt

from napari_selfseg import Recipe
from napari_selfseg.io import Plate, PlateField, plate_of, read_label_image
from napari_selfseg.methods import Backprop
from napari_selfseg.scale import Entry
from napari_selfseg.widgets.batch import BatchDock
from napari_selfseg.widgets.batch._images import ImageList
from napari_selfseg.widgets.batch._plate_links import PlateChoice, PlateStates
from napari_selfseg.widgets.batch._table import EntryTable
from napari_selfseg.widgets.batch._words import shortened_path
from napari_selfseg.widgets.batch.plate._map import PlateMap

ROWS, COLUMNS, FIELDS = "AB", "123", "01"
NAMES = [f"{row}/{column}/{field}" for row in ROWS for column in COLUMNS for field in FIELDS]
KEY = Qt.Key


@pytest.fixture
def plate(tmp_path):
    """A plate of 2 x 3 wells with 2 fields each, without the last field of B/2."""
    path = tmp_path / "plate.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2)
    wells = [{"path": f"{row}/{column}"} for row in ROWS for column in COLUMNS]
    listed = {"rows": [{"name": r} for r in ROWS], "columns": [{"name": c} for c in COLUMNS]}
    group.attrs.update({"plate": listed | {"wells": wells}})
    for k, name in enumerate(NAMES):
        well = group.require_group(name[:3])
        fields = FIELDS[:1] if name[:3] == "B/2" else FIELDS
        well.attrs.update({"well": {"images": [{"path": each} for each in fields]}})
        field = well.create_group(name[4:])
        axes = [{"name": each, "type": "space"} for each in "yx"]
        described = {"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}
        field.attrs.update({"multiscales": [described]})
        data = np.random.default_rng(k).integers(0, 255, (20, 24), dtype=np.uint8)
        field.create_array("0", data=data)
    return path


def fields(plate):
    return [str(each.path) for each in plate_of(plate / "A/1/0").fields]


def test_a_plate_says_where_its_fields_are(plate):
    found = plate_of(plate / "B/3/1")
    assert (found.path, found.rows, found.columns) == (plate, ("A", "B"), ("1", "2", "3"))
    assert found.fields[-1] == PlateField(plate / "B/3/1", 1, 2)
    assert len(found.fields) == 11
    assert plate_of(plate) is plate_of(plate / "A/1/0/0/0") is None
    (plate / "A" / "1" / ".zattrs").write_text("{}")
    assert plate_of(plate / "B/3/1") is None, "a damaged one is none"


@pytest.mark.parametrize("width", [60, 300, 2000])
def test_each_field_is_found_where_it_lies(plate, width):
    at = PlateMap(plate_of(plate / "A/1/0"), width)
    for number in range(11):
        box = at.field(number)
        assert at.within(box.x + box.width / 2, box.y + box.height / 2) == [number]
        assert box.x + box.width <= at.size[0]
        assert box.y + box.height <= at.size[1]
    assert at.within(5, at.field(6).y + 1) == [6, 7, 8, 9, 10], "the name of row B"
    assert at.within(at.field(2).x + 1, 5) == [2, 3, 8], "the name of column 2"
    assert len(at.within(1, 1)) == 11
    assert at.within(at.size[0] + 50, at.size[1] + 50) == []


def test_a_large_plate_fits():
    rows, columns = tuple("ABCDEFGHIJKLMNOP"), tuple(map(str, range(1, 25)))
    wells = [(y, x) for y in range(16) for x in range(24) for _ in range(9)]
    path = Path("p.zarr")
    at = PlateMap(Plate(path, rows, columns, tuple(PlateField(path, *w) for w in wells)), 320)
    assert at.size[0] <= 320
    assert len({tuple(at.field(k)) for k in range(len(wells))}) == len(wells)


def test_arrows_go_from_field_to_field_over_gaps(plate):
    at = PlateMap(plate_of(plate / "A/1/0"), 300)
    assert at.beside(0, 0, 1) == 1
    assert at.beside(1, 0, 1) == 2
    assert at.beside(8, 0, 1) == 9, "B/2 has one field"
    assert at.beside(3, 1, 0) == 3, "nothing below"
    assert at.beside(0, 1, 0) == 6


def test_paths_are_shortened():
    assert shortened_path("/d/plate.zarr/A/1/0") == "plate.zarr/A/1/0"
    assert shortened_path("C:\\d\\a.tif") == "a.tif"


@pytest.fixture
def chosen(qtbot, plate):
    """Yield the list with all fields, the picture, and where each field lies in it."""
    images = ImageList()
    choice = PlateChoice(images)
    qtbot.addWidget(images)
    qtbot.addWidget(choice.plates)
    images.add_files(["/d/other.tif", *fields(plate)])
    (view,) = choice.plates.views
    view.resize(300, view.heightForWidth(300))
    at = PlateMap(choice.plates.plates[0], 300)

    def spot(number):
        box = at.field(number)
        return QPoint(round(box.x + box.width / 2), round(box.y + box.height / 2))

    yield images, view, spot
    assert choice.plates.views, "kept until now"


def names(images):
    return [shortened_path(each).removeprefix("plate.zarr/") for each in images.things]


def test_fields_wells_and_rows_are_chosen_by_clicks(qtbot, chosen):
    images, view, spot = chosen
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(view, left, pos=spot(1))
    assert "A/1/1" not in names(images)
    qtbot.mouseClick(view, left, Qt.KeyboardModifier.ShiftModifier, pos=spot(9))
    assert not {"B/3/0", "B/3/1"} & set(names(images))
    qtbot.mouseClick(view, left, pos=QPoint(5, spot(6).y()))
    assert names(images)[-2:] == ["B/3/0", "B/3/1"], "some of the row were left out: all are in"
    qtbot.mouseClick(view, left, pos=QPoint(5, spot(0).y()))
    assert names(images)[:3] == ["other.tif", "A/1/0", "A/1/1"], "in the order of the plate"
    qtbot.mouseClick(view, left, pos=QPoint(3, 3))
    assert names(images) == ["other.tif"]
    qtbot.mouseClick(view, left, pos=spot(2))
    assert names(images) == ["other.tif", "A/2/0"], "it can be chosen from again"


def test_fields_are_chosen_by_keys_and_said_to_a_screen_reader(qtbot, chosen):
    images, view, _ = chosen
    assert view.accessibleName() == "Plate plate.zarr"
    qtbot.keyClick(view, KEY.Key_Right)
    assert view.accessibleDescription() == "plate.zarr/A/1/1 (chosen)"
    qtbot.keyClick(view, KEY.Key_Space)
    assert view.accessibleDescription() == "plate.zarr/A/1/1 (left out)"
    assert "A/1/1" not in names(images)
    qtbot.keyClick(view, KEY.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert names(images)[1:3] == ["A/1/0", "A/1/1"], "the well"


def test_what_became_of_fields_is_shown_and_leads_to_the_table(qtbot, plate):
    table = EntryTable()
    states = PlateStates(table)
    for each in (table, states.plates):
        qtbot.addWidget(each)
    paths = fields(plate)[:4]
    entries = [Entry(each, Path(each) / "labels/a") for each in paths]
    entries[0] = Entry(paths[0], entries[0].target, "done", labels=7)
    entries[1] = Entry(paths[1], entries[1].target, "failed", "It is constant.")
    table.show_entries(entries, 2, "1 of 9")
    states.show(entries, 2)
    (view,) = states.plates.views
    assert view._signs == {0: "done", 1: "failed", 2: "running", 3: "left"}
    assert not view.grab().isNull()
    opened = []
    table.opened.connect(opened.append)
    qtbot.keyClick(view, KEY.Key_Right)
    assert table.entry == entries[1]
    assert "It is constant." in view.accessibleDescription()
    qtbot.keyClick(view, KEY.Key_Left)
    qtbot.keyClick(view, KEY.Key_Return)
    assert opened == [0]
    table.setCurrentItem(table.topLevelItem(3))
    assert view.current == 3
    states.show([Entry("/d/a.tif", Path("b.tif"))], -1)
    assert not states.plates.isVisibleTo(None), "no plate, no picture"


def test_a_plate_is_done_in_the_dock_and_labels_go_into_its_fields(qtbot, plate, tmp_path):
    dock = BatchDock(ViewerModel())
    qtbot.addWidget(dock)
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    dock.add_folder(str(plate))
    dock.view.choice.plates.picked.emit(fields(plate)[2:])
    dock.view.recipe.method.choose(Backprop)
    dock.view.recipe.fill({"iterations": 1, "channels": 4, "min_labels": 1})
    dock.view.folder.setText(str(tmp_path / "out"))
    dock.view.into.setText("cells")
    dock.view.run.click()
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
    assert dock.view.states.plates.views[0]._signs == {0: "done", 1: "done"}
    assert Recipe.load(tmp_path / "out" / "recipe.json").method.channels == 4
    assert read_label_image(plate / "A/1/1/labels/cells").shape == (20, 24)
    assert not (plate / "A/2/0/labels").exists()
