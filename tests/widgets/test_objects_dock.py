"""Objects in the Segment dock: the switch, the limits, and what is measured and recorded."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPointF, Qt
from scipy import ndimage as ndi

from napari_selfseg import replay_stack
from napari_selfseg.consensus import Consensus
from napari_selfseg.instances import AsObjects, Objects
from napari_selfseg.methods import Backprop
from napari_selfseg.replaying import replay
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.batch._request import Form, recipe_from
from napari_selfseg.widgets.batch._words import described
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.model.sizes import Scale, Sizes, scale_of
from napari_selfseg.widgets.parts.keeping import fill_in, filled_in
from napari_selfseg.widgets.segment.count import CountDock
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.views.limits_view import LimitsView

# Radii of 8 and 5 pixels of 0.5 µm.
LARGE = [(20, 20), (20, 60), (50, 40), (80, 20)]
SMALL = [(50, 80), (80, 60), (85, 90)]


def nuclei():
    y, x = np.indices((100, 110))
    image = np.zeros(y.shape)
    for radius, middles in ((8, LARGE), (5, SMALL)):
        for a, b in middles:
            image[(y - a) ** 2 + (x - b) ** 2 <= radius**2] = 150
    noise = np.random.default_rng(0).integers(0, 12, y.shape)
    return (ndi.gaussian_filter(image, 1) + noise).astype(np.uint8)


IMAGE = nuclei()


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy()
    viewer.add_image(IMAGE, name="nuclei", scale=(0.5, 0.5), units=("um", "um"))
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    dock.view.setup.precision.choose("float32")
    return viewer, dock


def ran(dock, qtbot):
    dock.view.controls.run.click()
    qtbot.waitUntil(lambda: dock.live, timeout=120_000)
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)


def count(layer):
    return len(np.unique(layer.data[layer.data > 0]))


@pytest.mark.viewer
def test_two_clicks_count_the_nuclei(opened, qtbot):
    viewer, dock = opened
    setup, result = dock.view.setup, dock.view.result
    assert setup.method.thing is Consensus
    setup.goal.for_objects.click()
    assert setup.method.thing is Objects
    ran(dock, qtbot)
    layer = viewer.layers[-1]
    assert count(layer) == 7
    assert dock.view.controls.status.text().startswith("7 objects. ")
    assert layer.colormap.map(np.array([0]))[0, 3] == 0
    assert result.limits.count.text() == "7 objects"
    assert not result.smallest.isEnabled()
    kept = filled_in(setup.kept)
    setup.goal.for_segments.click()
    assert setup.method.thing is Consensus
    first = filled_in(setup.kept)
    fill_in(setup.kept, {name: each for name, each in kept.items() if each != first[name]})
    assert setup.goal.objects
    assert setup.method.thing is Objects
    fill_in(setup.kept, first)
    assert not setup.goal.objects
    assert setup.method.thing is Consensus

    every = layer.data.copy()
    result.limits.smallest.setValue(30)
    assert result.limits.count.text() == "4 of 7 objects"
    assert count(layer) == 4
    assert dock.view.controls.status.text() == "4 of 7 objects."
    kept = layer.data > 0
    np.testing.assert_array_equal(layer.data[kept], every[kept])
    record = layer.metadata[METADATA]
    assert record["finish"]["smallest"] == 120
    np.testing.assert_array_equal(replay(record, IMAGE), layer.data)
    result.measure.click()
    qtbot.waitUntil(lambda: len(layer.features.columns) > 0, timeout=60_000)
    assert set(layer.features["index"]) == set(np.unique(layer.data)) - {0}
    assert "class" not in layer.features
    np.testing.assert_allclose(layer.features["area (µm²)"], layer.features["pixels"] / 4)
    result.limits.every.click()
    np.testing.assert_array_equal(layer.data, every)
    assert "finish" not in layer.metadata[METADATA]


@pytest.mark.viewer
def test_the_menu_counts_at_once(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy()
    viewer.add_image(IMAGE, name="nuclei")
    dock = CountDock(viewer)
    viewer.window.add_dock_widget(dock, name="Count objects", area="right")
    said = dock.view.controls.status
    qtbot.waitUntil(lambda: said.text().startswith("7 objects. "), timeout=120_000)
    assert count(viewer.layers[-1]) == 7
    assert dock.view.result.limits.smallest.suffix() == " px"


@pytest.mark.viewer
def test_planes_of_a_stack_are_finished(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy()
    film = np.stack([IMAGE, np.roll(IMAGE, 2, axis=1)])
    viewer.add_image(film, name="film", axis_labels=("t", "y", "x"))
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    setup = dock.view.setup
    setup.precision.choose("float32")
    setup.method.choose(Backprop)
    setup.fill({"iterations": 4, "channels": 8, "min_labels": 1})
    setup.stack.part.choose("whole")
    setup.goal.for_objects.click()
    ran(dock, qtbot)
    layer = viewer.layers[-1]
    found = np.asarray(layer.data)
    assert (found == 0).any(axis=(1, 2)).all()
    both = (found[0] > 0) & (found[1] > 0)
    assert (found[0][both] == found[1][both]).mean() > 0.8
    np.testing.assert_array_equal(replay_stack(layer.metadata[METADATA], film), found)


@pytest.mark.viewer
def test_segments_of_a_method_are_finished_and_limited(opened, qtbot):
    viewer, dock = opened
    setup, result = dock.view.setup, dock.view.result
    setup.method.choose(Backprop)
    setup.superpixels.choose(Slic)
    setup.fill_superpixels({"n_segments": 200})
    setup.fill({"iterations": 6, "channels": 8, "min_labels": 1})
    setup.goal.for_objects.click()
    assert setup.method.thing is Backprop
    ran(dock, qtbot)
    layer = viewer.layers[-1]
    found = layer.data.copy()
    assert (found == 0).any()
    assert result.kind.thing == "finished"
    assert dock.view.controls.status.text().startswith(f"{count(layer)} objects. ")
    record = layer.metadata[METADATA]
    assert AsObjects(**{k: v for k, v in record["finish"].items() if k != "name"}) == AsObjects()
    np.testing.assert_array_equal(replay(record, IMAGE), found)

    result.limits.largest.setValue(30)
    qtbot.waitUntil(lambda: "of" in dock.view.controls.status.text(), timeout=60_000)
    assert 0 < count(layer) < len(np.unique(found)) - 1
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], IMAGE), layer.data)
    result.kind.choose("classes")
    assert layer.data.min() == 1
    assert not result.limits.isVisibleTo(dock.view)
    result.kind.choose("finished")
    result.limits.every.click()
    qtbot.waitUntil(lambda: np.array_equal(layer.data, found), timeout=60_000)


# Without a window


def shown(qtbot):
    view = LimitsView()
    qtbot.addWidget(view)
    view.resize(320, 260)
    view.show()
    view.show_scale(Scale(0.25, "µm²"))
    sizes = np.array([40, 60, 100, 160, 200, 250, 400])
    view.show_sizes(Sizes(sizes, sizes == 60))
    return view


def test_lines_are_dragged_and_the_count_follows(qtbot):
    view = shown(qtbot)
    plot, heard = view.plot, []
    view.changed.connect(lambda: heard.append((view.limits, view.count.text())))
    area = plot._area()
    drag(qtbot, plot, area.left(), area.left() + 0.5 * area.width())
    low, high = view.limits
    assert 100 < low < 200
    assert high == 0
    assert heard[-1] == ((low, 0), "4 of 7 objects")
    assert len(heard) > 2, "only told at the end"
    assert view.smallest.value() == pytest.approx(low * 0.25, abs=0.01)
    assert view.largest.value() == 0
    drag(qtbot, plot, area.right(), area.left())
    assert view.limits[1] >= low, "limits crossed"
    view.every.click()
    assert view.limits == (0, 0)
    assert view.count.text() == "7 objects"


def test_a_line_that_is_dragged_says_what_it_is(qtbot):
    view = shown(qtbot)
    plot, area = view.plot, view.plot._area()
    assert plot.told == ""

    def at(share):
        return QPointF(area.left() + share * area.width(), plot.height() / 2).toPoint()

    before = plot.grab().toImage()
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=at(0))
    qtbot.mouseMove(plot, at(0.5))
    said = f"{view.limits[0] * 0.25:.3g} µm²"
    assert plot.told == said
    assert f"Smallest: {said}. Largest: any size." in plot.toolTip()
    painted = plot.grab().toImage()
    plot.show_limits(*plot._limits, ("", ""))
    assert painted not in (before, plot.grab().toImage()), "nothing stands beside the line"
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=at(0.5))
    plot.clearFocus()
    assert plot.told == ""


def drag(qtbot, plot, start, end):
    def at(x):
        return QPointF(x, plot.height() / 2).toPoint()

    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=at(start))
    for k in range(1, 5):
        qtbot.mouseMove(plot, at(start + (end - start) * k / 4))
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=at(end))


def test_limits_are_typed_in_the_unit_and_reached_by_keys(qtbot):
    view = shown(qtbot)
    view.smallest.setValue(25)
    view.largest.setValue(50)
    assert view.limits == (100, 200)
    assert view.count.text() == "3 of 7 objects"
    view.at_border.setChecked(False)
    view.smallest.setValue(0)
    assert view.count.text() == "4 of 7 objects"
    qtbot.keyClick(view.plot, Qt.Key.Key_Right)
    assert view.limits[0] > 0


def test_without_a_size_of_pixels_limits_are_pixels():
    assert scale_of((2.0, 2.0), "pixel") == Scale(1.0, "px")
    assert scale_of((0.5, 0.5), "µm") == Scale(0.25, "µm²")
    assert scale_of((2.0, 0.5, 0.5), "nm") == Scale(0.5, "nm³")
    assert Scale(0.25, "µm²").words(4120) == "1,030 µm²"
    assert Scale(0.25, "µm²").words(45) == "11.2 µm²"


def test_sizes_of_objects():
    labels = np.zeros((10, 12), int)
    labels[0, 2:5], labels[4:6, 4:6], labels[8, 3] = 2, 5, 9
    sizes = Sizes.of(labels)
    assert sizes.pixels.tolist() == [3, 4, 1]
    assert sizes.cut.tolist() == [True, False, False]
    assert sizes.within(2, 0, at_border=True) == 2
    assert sizes.within(2, 0, at_border=False) == 1
    assert sizes.within(0, 3, at_border=True) == 2
    assert sizes.bars().sum() == 3
    for pixels in (1, 2, 4):
        assert sizes.at(sizes.place(pixels)) == pytest.approx(pixels)
    nothing = Sizes.of(np.zeros((3, 3), int))
    assert nothing.bars().sum() == 0


def test_a_batch_is_finished_as_objects():
    filled = Form(Backprop, {}, None, {}, "finished", 2, 9, "auto", None)
    recipe = recipe_from(filled)
    assert recipe.finish == AsObjects(smallest=9)
    assert not recipe.minimum_size
    assert "finished as Objects (smallest object 9)" in described(recipe)


@pytest.mark.viewer
def test_the_menu_asks_what_of_a_stack_is_counted(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy()
    viewer.add_image(np.stack([IMAGE, IMAGE]), name="film")
    dock = CountDock(viewer)
    viewer.window.add_dock_widget(dock, name="Count objects", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    assert dock.view.controls.status.text().startswith("This image is a stack: choose under Part")
    assert not dock.live
    assert len(viewer.layers) == 1
    dock.start()
    assert dock.live
    dock.stop()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
