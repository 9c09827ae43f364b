"""What a person does with the Segment dock around a run, in a real window."""

from __future__ import annotations

import multiprocessing
import runpy

import dask.array
import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QApplication

from napari_selfseg import catalogue, load_fit, read_record, save_fit
from napari_selfseg.consensus import Consensus
from napari_selfseg.instances import Objects
from napari_selfseg.io import formats
from napari_selfseg.methods import DIC, DSC, Backprop
from napari_selfseg.objects import connected
from napari_selfseg.protocol import outlined as outlined_by
from napari_selfseg.replaying import replay
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.editing import table_actions
from napari_selfseg.widgets.segment import dock as segment
from napari_selfseg.widgets.segment import fit_actions, keep_actions
from napari_selfseg.widgets.segment.dock import SegmentDock

pytestmark = pytest.mark.viewer

QUICK = {"iterations": 6, "channels": 8, "min_labels": 1}
HALVES = (np.indices((48, 64))[1] > 31) * 160
NOISE = np.random.default_rng(0).integers(0, 255, (48, 64)).astype(np.uint8)


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot):
    """Open a viewer with a dock that has loaded its methods."""

    def make(image=NOISE, name="noise", **settings):
        viewer = make_napari_viewer_proxy()
        if image is not None:
            viewer.add_image(image, name=name, **settings)
        dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(dock, name="Segment", area="right")
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        dock.view.setup.method.choose(Backprop)
        dock.view.setup.precision.choose("float32")
        dock.view.setup.superpixels.choose(Slic)
        dock.view.setup.fill_superpixels({"n_segments": 100})
        dock.view.setup.fill(QUICK)
        return viewer, dock

    return make


def ran(dock, qtbot, **values):
    dock.view.setup.fill(values)
    dock.start()
    assert dock.live, dock.view.controls.error.text()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)


def until_said(dock, qtbot, words):
    def said():
        texts = (dock.view.controls.status.text(), dock.view.controls.error.text())
        assert any(words in each for each in texts), texts

    qtbot.waitUntil(said, timeout=120_000)


def made(viewer):
    return [
        each for each in viewer.layers if isinstance(each, Labels) and METADATA in each.metadata
    ]


def script_of(dock, qtbot):
    QApplication.clipboard().clear()
    dock.view.result.copy.click()
    until_said(dock, qtbot, "clipboard")
    qtbot.waitUntil(lambda: QApplication.clipboard().text() != "", timeout=120_000)
    return QApplication.clipboard().text()


def outlined(layer, qtbot):
    """Wait until the borders shown follow the image."""

    def said():
        assert layer.metadata[METADATA]["method"]["outlines"] == "image"

    qtbot.waitUntil(said, timeout=120_000)


# In a process of its own, where only the layers that the script names are there.
DRIVER = """
import pathlib, types
import numpy as np
folder = pathlib.Path(__file__).parent
layers = dict(np.load(folder / "layers.npz"))
layers = {name: types.SimpleNamespace(data=data) for name, data in layers.items()}
names = {"viewer": types.SimpleNamespace(layers=layers)}
exec(compile((folder / "script.py").read_text("utf-8"), "script.py", "exec"), names)
np.save(folder / "labels.npy", names["labels"])
"""


@pytest.fixture(scope="module")
def processes():
    """Processes forked, where that is possible, from one that has imported and done nothing."""
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
    if "forkserver" in known:
        # torch imports the last when the first optimiser is made, in seconds.
        context.set_forkserver_preload(["napari_selfseg.catalogue", "torch._dynamo"])
    return context


@pytest.fixture
def labels_of(tmp_path, monkeypatch, processes):
    """What a script gives in a fresh process."""
    monkeypatch.chdir(tmp_path)

    def run(script, layers):
        (tmp_path / "script.py").write_text(script, "utf-8")
        np.savez(tmp_path / "layers.npz", **layers)
        (tmp_path / "driver.py").write_text(DRIVER, "utf-8")
        process = processes.Process(target=runpy.run_path, args=(str(tmp_path / "driver.py"),))
        process.start()
        process.join(120)
        assert process.exitcode == 0
        return np.load(tmp_path / "labels.npy")

    return run


@pytest.mark.parametrize("method", catalogue.METHODS, ids=lambda each: each.name)
def test_every_method_gives_in_the_dock_what_its_script_gives(opened, qtbot, labels_of, method):
    viewer, dock = opened()
    dock.view.setup.method.choose(method)
    if method().default_superpixels() is None:
        dock.view.setup.superpixels.choose(None)
    small = {"channels": 8, "width": 8, "autoencoder_iterations": 2, "crop_size": 16}
    small |= {"spnn_iterations": 2, "patch_size": 16}
    ran(dock, qtbot, iterations=5, **small)
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)  # Consensus shows segments at once
    (layer,) = made(viewer)
    assert layer.name == f"noise [{method.title}]"
    assert layer.metadata[METADATA]["method"]["name"] == method.name
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)
    dock.view.result.outlines.choose("image")
    outlined(layer, qtbot)
    assert dock.view.setup.form(1).values["outlines"] == "image"
    assert (layer.data != found).any()
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)
    dock.view.setup.reset.click()
    shown = {each.name: getattr(method(), each.name) for each in method.declared()}
    assert dock.view.setup.form(1).values == shown


def test_objects_are_counted_and_no_segments_of_them_are_offered(opened, qtbot):
    viewer, dock = opened()
    view = dock.view
    ran(dock, qtbot, iterations=4)
    assert view.controls.shown.segments.isVisibleTo(view)
    view.setup.method.choose(Objects)
    view.setup.superpixels.choose(None)
    ran(dock, qtbot, iterations=21)
    layer = made(viewer)[-1]
    assert layer.name == "noise [Objects]"
    count = len(np.unique(layer.data[layer.data > 0]))
    assert view.controls.status.text().startswith(f"{count} objects. ")
    assert not view.controls.shown.segments.isVisibleTo(view)
    assert view.result.kind.currentText() == "Objects"


def test_the_slider_goes_back_and_the_script_says_which_iteration(opened, qtbot, labels_of):
    viewer, dock = opened()
    ran(dock, qtbot)
    (layer,) = made(viewer)
    timeline = dock.view.controls.timeline
    assert timeline.iteration == 6
    end = layer.data.copy()
    timeline.go_to(1)
    assert (layer.data != end).any(), "test invalid: the labels never changed"
    assert layer.metadata[METADATA]["shown"] == 1
    assert dock.view.controls.status.text().startswith("Iteration 1: ")
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], NOISE), layer.data)
    timeline.go_to(6)
    np.testing.assert_array_equal(layer.data, end)


def test_objects_are_measured_in_physical_units_and_saved(
    opened, qtbot, monkeypatch, tmp_path, labels_of
):
    viewer, dock = opened(scale=(0.5, 4), units=("um", "um"))
    ran(dock, qtbot)
    (layer,) = made(viewer)
    classes = layer.data.copy()
    dock.view.result.kind.choose("objects")
    dock.view.result.smallest.setValue(5)
    wanted = {"connected": True, "minimum_size": 5}
    qtbot.waitUntil(lambda: layer.metadata[METADATA].get("objects") == wanted, timeout=120_000)
    np.testing.assert_array_equal(layer.data, connected(classes, minimum_size=5))
    dock.view.result.measure.click()
    until_said(dock, qtbot, "rows, in the table below")
    table = layer.features
    assert table["index"].tolist() == list(range(1, layer.data.max() + 1))
    np.testing.assert_allclose(table["area (µm²)"], 2 * table["pixels"])
    biggest = table["index"][table["pixels"].argmax()]
    assert table["class"][biggest - 1] == np.bincount(classes[layer.data == biggest]).argmax()
    assert table["mean"][biggest - 1] == pytest.approx(NOISE[layer.data == biggest].mean())

    file = tmp_path / "table.csv"
    monkeypatch.setattr(table_actions, "ask_save", lambda *_: str(file))
    dock.view.result.save_table.click()
    until_said(dock, qtbot, f"Saved: {file}")
    assert file.read_text("utf-8-sig").startswith("label,class,pixels,area (µm²)")
    assert len(file.read_text("utf-8-sig").splitlines()) == len(table) + 1

    file = tmp_path / "labels.tif"
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(file))
    dock.view.result.save_labels.click()
    until_said(dock, qtbot, f"Saved: {file}")
    again = replay(read_record(file), NOISE)
    np.testing.assert_array_equal(again, layer.data)
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)


def test_labels_painted_by_hand_are_never_overwritten(opened, qtbot):
    viewer, dock = opened()
    ran(dock, qtbot)
    (layer,) = made(viewer)
    layer.paint((10, 10), 7)
    painted = layer.data.copy()
    dock.view.controls.timeline.go_to(2)
    assert len(made(viewer)) == 2
    np.testing.assert_array_equal(layer.data, painted)
    assert [each["kind"] for each in layer.metadata[METADATA]["edits"]] == ["paint"]
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], NOISE), painted)
    assert layer.name.endswith("(edited)")
    assert f"The labels you edited are in {layer.name}, hidden;" in dock.view.controls.status.text()
    again = next(each for each in made(viewer) if each != layer)
    assert again.metadata[METADATA]["shown"] == 2
    dock.view.controls.timeline.go_to(3)
    assert f"The labels you edited are in {layer.name}, hidden;" in dock.view.controls.status.text()


def test_a_fit_is_saved_loaded_and_applied_to_another_image(opened, qtbot, monkeypatch, tmp_path):
    viewer, dock = opened()
    ran(dock, qtbot)
    file = tmp_path / "fit.safetensors"
    for name in ("ask_save", "ask_open"):
        monkeypatch.setattr(fit_actions, name, lambda *_: str(file))
    dock.view.result.save_fit.click()
    until_said(dock, qtbot, f"Saved: {file}")
    other = viewer.add_image(NOISE[::-1], name="other", scale=(3, 3))
    dock.view.result.target.choose(other)
    dock.view.result.apply.click()
    until_said(dock, qtbot, "Labelled other")
    qtbot.wait(600)
    assert dock.view.controls.status.text().startswith("Labelled other"), "news stays"
    first = viewer.layers["other [Backprop, applied]"]
    np.testing.assert_array_equal(first.scale, (3, 3))
    fit = load_fit(file)
    slic = Slic(n_segments=100)
    voting, _ = catalogue.over_segment(NOISE[::-1], slic, spacing=(3, 3))
    expected = fit.predict(NOISE[::-1], superpixels=voting)
    np.testing.assert_array_equal(first.data, expected)

    dock.view.result.load_fit.click()
    until_said(dock, qtbot, f"Loaded: {file}")
    assert dock.view.result.fit.text().startswith("Backprop, 1 channel, 2-D: ")
    viewer.add_image(np.dstack([NOISE] * 3), rgb=True, name="colours")
    dock.view.result.target.choose(viewer.layers["colours"])
    dock.view.result.apply.click()
    until_said(dock, qtbot, "3 channels")
    assert dock.view.controls.error.isVisibleTo(dock)


def test_applied_labels_have_the_outlines_that_are_chosen(opened, qtbot, monkeypatch, tmp_path):
    viewer, dock = opened(HALVES + NOISE // 8, "halves")
    result, other = dock.view.result, viewer.add_image(NOISE, name="other")
    assert not result.outlines.isEnabled()
    ran(dock, qtbot, outlines="image")
    file = tmp_path / "fit.safetensors"
    save_fit(dock._results.outcome.run.fit, file)
    monkeypatch.setattr(fit_actions, "ask_open", lambda *_: str(file))
    dock._results.put(None)
    dock._fits.put(None)
    result.suggest_outlines("superpixels")
    assert not result.outlines.isEnabled()
    result.load_fit.click()
    until_said(dock, qtbot, f"Loaded: {file}")
    assert result.outlines.isEnabled()
    assert result.outlines.thing == "image"
    result.target.choose(other)
    found = {}
    for outlines in ("image", "superpixels"):
        result.outlines.choose(outlines)
        count = len(viewer.layers)
        result.apply.click()
        qtbot.waitUntil(lambda count=count: len(viewer.layers) > count, timeout=120_000)
        layer = viewer.layers[-1]
        assert layer.metadata[METADATA]["fitted"]["outlines"] == outlines
        found[outlines] = layer.data
    fit = load_fit(file)
    np.testing.assert_array_equal(found["image"], outlined_by(fit, found["superpixels"], NOISE))
    assert (found["image"] != found["superpixels"]).any()


SMALL = {"width": 8, "crop_size": 16, "batch_size": 1, "iterations": 4, "autoencoder_iterations": 2}


@pytest.mark.parametrize("kind", ["grey", "rgb", "channels"])
def test_a_fit_that_smooths_adds_the_smoothed_image(opened, qtbot, monkeypatch, kind):
    monkeypatch.setattr(catalogue, "METHODS", (Backprop, DSC))
    image = np.dstack([NOISE, NOISE[::-1], NOISE[:, ::-1]]) if kind == "rgb" else NOISE
    viewer, dock = opened(image, scale=(2, 2), translate=(5, 5), rgb=kind == "rgb")
    ran(dock, qtbot)
    assert dock.view.result.smooth.isHidden()
    if kind == "channels":
        viewer.add_image(NOISE[::-1], name="second", scale=(2, 2), translate=(5, 5))
        viewer.layers.selection.active = viewer.layers["noise"]
        dock.view.setup.channels.check([viewer.layers["second"]])
    dock.view.setup.method.choose(DSC)
    ran(dock, qtbot, **SMALL)
    assert not dock.view.result.smooth.isHidden()
    dock.view.result.target.choose(viewer.layers["noise"])
    dock.view.result.smooth.click()
    until_said(dock, qtbot, "Smoothed noise")
    names = ["noise", "second"] if kind == "channels" else ["noise"]
    made = [viewer.layers[f"{name} [smoothed]"] for name in names]
    assert dock.view.setup.image.thing == viewer.layers["noise"], "the next run is one of it"
    assert dock.view.setup.channels.count() == len(names) - 1, "ours are no channels"
    fit = dock._fits.fit
    given = np.dstack([NOISE, NOISE[::-1]]) if kind == "channels" else image
    expected = fit.smoothed(given, channel_axis=None if kind == "grey" else -1)
    found = np.dstack([each.data for each in made]) if kind == "channels" else made[0].data
    np.testing.assert_array_equal(found, expected)
    assert made[0].rgb == (kind == "rgb")
    np.testing.assert_array_equal(made[0].translate, (5, 5))


def test_a_run_goes_on_from_where_it_stopped(opened, qtbot, labels_of):
    viewer, dock = opened()
    assert not dock.view.controls.resume.isEnabled()
    ran(dock, qtbot)
    (layer,) = made(viewer)
    controls = dock.view.controls
    assert controls.resume.toolTip() == "Go on in the same labels, from iteration 6 to 12."
    controls.resume.click()
    assert dock.live
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert made(viewer) == [layer]
    assert layer.metadata[METADATA]["continued"] == [6]
    assert (controls.bar.value(), controls.bar.maximum()) == (12, 12)
    losses = dock._results.outcome.run.losses
    assert {t for values in losses.values() for t in values} == set(range(12))
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)
    controls.timeline.go_to(2)
    assert layer.metadata[METADATA]["shown"] == 2
    layer.paint((3, 3), 7)
    controls.resume.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert len(made(viewer)) == 2, "what was painted stays"
    assert layer.metadata[METADATA]["edits"]
    assert layer.data[3, 3] == 7


def test_continue_is_taken_back_by_one_press(opened, qtbot, labels_of):
    viewer, dock = opened()
    controls = dock.view.controls
    ran(dock, qtbot)
    (layer,) = made(viewer)
    controls.timeline.go_to(2)
    before, record = layer.data.copy(), dict(layer.metadata[METADATA])
    assert not controls.back.isVisibleTo(dock), "nothing was gone on with"
    controls.resume.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert (layer.data != before).any(), "test invalid: the labels are the same"
    assert controls.back.isVisibleTo(dock)
    layer.paint((3, 3), 7)
    painted = layer.data.copy()
    controls.back.click()
    assert not controls.back.isVisibleTo(dock)
    again = next(each for each in made(viewer) if each != layer)
    np.testing.assert_array_equal(layer.data, painted)
    np.testing.assert_array_equal(again.data, before)
    assert again.metadata[METADATA] == record
    assert (controls.bar.value(), controls.bar.maximum()) == (6, 6)
    assert controls.resume.toolTip() == "Go on in the same labels, from iteration 6 to 12."
    np.testing.assert_array_equal(labels_of(script_of(dock, qtbot), {"noise": NOISE}), before)
    controls.resume.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    controls.back.click()
    np.testing.assert_array_equal(again.data, before)
    assert len(made(viewer)) == 2, "nothing was edited since"


def test_what_continue_does_is_said(opened, qtbot):
    viewer, dock = opened()
    controls, setup = dock.view.controls, dock.view.setup
    ran(dock, qtbot)
    setup.superpixels.choose(None)
    assert "because the superpixels differ" in controls.resume.toolTip()
    assert controls.resume.isEnabled()
    setup.superpixels.choose(Slic)
    viewer.add_image(NOISE[::-1], name="other")
    assert setup.image.thing == viewer.layers["other"]
    assert not controls.resume.isEnabled()
    assert "Continue goes on with noise" in controls.resume.toolTip()
    assert not controls.bar.isVisibleTo(controls)
    assert not controls.timeline.isVisibleTo(controls)
    assert (controls.status.text(), controls.subject.text()) == ("Ready.", "Image: other")
    assert not dock.view.result.copy.isEnabled()
    viewer.layers.selection.active = viewer.layers["noise"]
    assert controls.resume.isEnabled()
    assert controls.bar.isVisibleTo(controls)
    assert controls.status.text().startswith("All 6 iterations")
    assert dock.view.result.copy.isEnabled()


def test_only_a_rectangle_or_what_is_in_view(opened, qtbot, labels_of):
    viewer, dock = opened(scale=(2, 2), translate=(5, 5))
    dock.view.setup.region.area.choose("rectangle")
    dock.start()
    assert "Draw a rectangle" in dock.view.controls.error.text()
    dock.view.setup.region.draw.click()
    shapes = viewer.layers["Trial rectangle"]
    shapes.add_rectangles([[10, 20], [30, 50]])
    ran(dock, qtbot)
    (layer,) = made(viewer)
    assert layer.data.shape == (20, 30)
    np.testing.assert_array_equal(layer.translate, (25, 45))
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)
    dock.view.setup.region.area.choose("view")
    viewer.layers["noise"].corner_pixels = np.array([[0, 8], [15, 23]])
    ran(dock, qtbot)
    layer = made(viewer)[-1]
    assert layer.data.shape == (16, 16)
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)


def test_scribbles_with_names_steer_the_run(opened, qtbot, labels_of):
    image = (HALVES + NOISE // 4).astype(np.uint8)
    viewer, dock = opened(image)
    setup = dock.view.setup
    setup.new_scribbles.click()
    scribbles = viewer.layers["noise scribbles"]
    assert viewer.layers.selection.active == scribbles
    assert (scribbles.mode, scribbles.selected_label) == ("paint", 1)
    assert setup.scribbles.thing == scribbles
    scribbles.paint((10, 10), 1)
    scribbles.paint((30, 50), 2)
    setup.class_names.table.item(0, 1).setText("nuclei")
    assert scribbles.metadata["napari-selfseg class names"] == {1: "nuclei"}
    ran(dock, qtbot, iterations=30, scribble_weight=5)
    (layer,) = made(viewer)
    assert layer.data[10, 10] == 1
    assert layer.data[30, 50] == 2
    np.testing.assert_allclose(layer.get_color(1), scribbles.get_color(1))
    found = labels_of(script_of(dock, qtbot), {"noise": image})
    np.testing.assert_array_equal(found, layer.data)
    dock.view.result.measure.click()
    until_said(dock, qtbot, "rows")
    assert layer.features["name"][layer.features["class"] == 1].tolist() == ["nuclei"]


def test_names_go_where_their_strokes_lie_also_in_segments(opened, qtbot):
    viewer, dock = opened()
    setup = dock.view.setup
    setup.method.choose(Consensus)
    setup.superpixels.choose(Slic)
    setup.new_scribbles.click()
    scribbles = viewer.layers["noise scribbles"]
    scribbles.data[5, 4:60], scribbles.data[40, 4:60] = 5, 2
    scribbles.metadata["napari-selfseg class names"] = {1: "ROAD", 2: "GRASS", 5: "WATER"}
    ran(dock, qtbot, networks="none", n_segments=6)
    (layer,) = made(viewer)
    assert_named(dock, qtbot, layer, scribbles.data)
    granularity = dock.view.controls.shown.granularity
    assert granularity.borders.isEnabled()
    assert granularity.number.minimum() == 2
    for number in (2, 9):
        granularity.number.setValue(number)
        qtbot.waitUntil(lambda n=number: len(np.unique(layer.data)) == n, timeout=120_000)
        assert_named(dock, qtbot, layer, scribbles.data)
    found = replay(layer.metadata[METADATA], NOISE)
    np.testing.assert_array_equal(found, layer.data)


def assert_named(dock, qtbot, layer, drawn):
    """A drawn class is one label, which has its number and its name; no other has a name."""
    assert set(np.unique(layer.data[drawn > 0] - drawn[drawn > 0])) == {0}
    layer.features = {}
    dock.view.result.measure.click()
    qtbot.waitUntil(lambda: len(layer.features) > 0, timeout=120_000)
    rows = zip(layer.features["index"], layer.features["name"], strict=True)
    assert {label: name for label, name in rows if name} == {2: "GRASS", 5: "WATER"}


def test_too_many_scribbled_classes_are_refused(opened, qtbot):
    viewer, dock = opened()
    dock.view.setup.new_scribbles.click()
    viewer.layers["noise scribbles"].paint((10, 10), 9)
    dock.view.setup.fill(QUICK)
    dock.start()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert "scribbles" in dock.view.controls.error.text()
    assert "8" in dock.view.controls.error.text()


def test_pixels_without_data_stay_empty(opened, qtbot, labels_of):
    holes = NOISE.astype(np.float32)
    holes[:10] = np.nan
    viewer, dock = opened(holes)
    dock.view.setup.region.void.setCurrentText("Leave out NaN")
    ran(dock, qtbot)
    layer = made(viewer)[-1]
    assert not layer.data[:10].any()
    assert layer.data[10:].all()
    found = labels_of(script_of(dock, qtbot), {"noise": holes})
    np.testing.assert_array_equal(found, layer.data)
    mask = viewer.add_labels((np.indices((48, 64))[1] > 20).astype(int), name="tissue")
    viewer.layers["noise"].data = NOISE
    dock.view.setup.region.void.choose(mask)
    ran(dock, qtbot)
    assert not made(viewer)[-1].data[:, :21].any()


def test_several_layers_are_the_channels_of_one_image(opened, qtbot, labels_of):
    viewer, dock = opened()
    second = viewer.add_image(NOISE[:, ::-1], name="second")
    viewer.add_image(NOISE[:, :10], name="narrow")
    viewer.layers.selection.active = viewer.layers["noise"]
    assert dock.view.setup.channels.count() == 1
    dock.view.setup.channels.check([second])
    viewer.layers.selection.active = second
    assert dock.view.setup.image.currentText() == "noise", "it is part of the image"
    assert dock.view.controls.subject.text() == "Image: noise + second"
    ran(dock, qtbot)
    (layer,) = made(viewer)
    record = layer.metadata[METADATA]
    assert record["images"][0]["shape"] == [48, 64, 2]
    assert layer.name == "noise + second [Backprop]"
    layers = {"noise": NOISE, "second": NOISE[:, ::-1]}
    np.testing.assert_array_equal(labels_of(script_of(dock, qtbot), layers), layer.data)
    dock.view.result.measure.click()
    until_said(dock, qtbot, "rows")
    assert {"mean noise", "mean second"} <= set(layer.features.columns)


def test_presets_of_the_paper_are_offered_first_and_stay(opened, own_presets, monkeypatch):
    monkeypatch.setattr(catalogue, "METHODS", (DIC,))
    monkeypatch.setattr(catalogue, "default_method", DIC)
    _, dock = opened()
    bar = dock.view.setup.presets
    assert [bar.names.itemText(k) for k in range(bar.names.count())] == list(DIC.presets)
    bar.names.setCurrentIndex(4)
    bar.names.activated.emit(4)
    values = dock.view.setup.form(1).values
    assert (values["n_clusters"], values["n_centres"]) == (160, 64)
    assert values["iterations"] == DIC().iterations, "all others are those of the paper"
    for press in (bar.delete, bar.save):
        dock.view.controls.show_error("")
        press.click()
        assert "comes with DIC and stays" in dock.view.controls.error.text()
    assert bar.names.count() == 7
    assert not own_presets.exists()
    own_presets.write_text("{not json")
    bar.turn_to(DIC)
    assert bar.names.count() == 7, "a damaged file does not hide them"


def test_presets_come_back_under_their_name(opened, qtbot, own_presets):
    _, dock = opened()
    bar = dock.view.setup.presets
    bar.names.setEditText("fast")
    bar.save.click()
    dock.view.setup.reset.click()
    assert dock.view.setup.form(1).values["iterations"] == Backprop().iterations
    bar.names.setCurrentIndex(bar.names.findText("fast"))
    bar.names.activated.emit(bar.names.currentIndex())
    assert dock.view.setup.form(1).values["iterations"] == 6
    bar.delete.click()
    assert bar.names.count() == 0
    bar.names.setEditText("")
    bar.save.click()
    assert dock.view.controls.error.text(), "a preset without a name"
    own_presets.write_text("{not json")
    bar.names.setEditText("other")
    bar.save.click()
    assert own_presets.name in dock.view.controls.error.text()
    assert own_presets.read_text() == "{not json"


def test_an_estimate_is_shown_before_the_run_and_a_limit_is_kept(opened, qtbot, monkeypatch):
    _, dock = opened()
    controls = dock.view.controls
    qtbot.waitUntil(lambda: "48 x 64 pixels" in controls.estimate.text(), timeout=120_000)
    monkeypatch.setattr(dock._forecast, "_limit", 10)
    monkeypatch.setattr(dock, "_settings", segment.settings.Settings(memory_limit=10))
    dock.start()
    until_said(dock, qtbot, "more than the limit")
    assert not dock.live
    assert "take fewer channels" in controls.error.text()


def test_a_second_run_asked_for_during_the_estimate_is_none(opened, qtbot, monkeypatch):
    viewer, dock = opened()
    monkeypatch.setattr(dock._forecast, "_limit", 10**15)
    monkeypatch.setattr(dock, "_settings", segment.settings.Settings(memory_limit=10**15))
    dock.view.setup.fill({"iterations": 100_000, "learning_rate": 1e-4})
    dock.start()
    dock.start()
    qtbot.waitUntil(lambda: dock.live and not dock._tasks.busy, timeout=120_000)
    layers = [each for each in viewer.layers if isinstance(each, Labels)]
    assert len(layers) == 1
    dock.stop()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert len(made(viewer)) == 1


def test_what_is_missing_is_said_while_the_form_is_filled_in(opened, qtbot):
    viewer, dock = opened(None)
    until_said(dock, qtbot, "Open an image first")
    viewer.add_image(NOISE, name="noise")
    until_said(dock, qtbot, "Ready.")
    dock.view.setup.region.area.choose("rectangle")
    until_said(dock, qtbot, "Draw a rectangle")
    dock.view.setup.region.area.choose("all")
    until_said(dock, qtbot, "Ready.")


def test_a_format_of_a_package_is_told_where_the_labels_begin(opened, qtbot, monkeypatch, tmp_path):
    places = []
    mine = formats.Format("Mine", (".mine",), write=lambda *given: places.append(given[2]))
    monkeypatch.setattr(formats, "formats", lambda: (formats.TIFF, mine))
    _, dock = opened(scale=(2, 2), translate=(5, 7))
    ran(dock, qtbot)
    for name in ("labels.mine", "labels.tif"):
        file = tmp_path / name
        monkeypatch.setattr(keep_actions, "ask_save", lambda *_, file=file: str(file))
        dock.view.result.save_labels.click()
        until_said(dock, qtbot, f"Saved: {file}")
    assert [each.translation for each in places] == [(5, 7)]


def test_a_file_that_cannot_be_written_is_one_sentence(opened, qtbot, monkeypatch, tmp_path):
    viewer, dock = opened()
    ran(dock, qtbot)
    target = tmp_path / "missing" / "labels.tif"
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(target))
    dock.view.result.save_labels.click()
    until_said(dock, qtbot, "There is no folder")
    assert made(viewer)[0].data.min() >= 1


def test_a_table_of_labels_that_are_shown_no_more_is_dropped(opened, qtbot):
    viewer, dock = opened()
    ran(dock, qtbot)
    (layer,) = made(viewer)
    dock.view.result.measure.click()
    dock.view.controls.timeline.go_to(1)
    until_said(dock, qtbot, "press Measure again")
    assert not len(layer.features.columns)
    dock.view.result.measure.click()
    viewer.layers.remove(layer)
    until_said(dock, qtbot, "press Measure again")


def test_measure_waits_for_the_labels_that_were_chosen(opened, qtbot):
    viewer, dock = opened()
    ran(dock, qtbot)
    dock.view.result.kind.choose("objects")
    dock.view.result.smallest.setValue(5)
    dock.view.result.measure.click()
    until_said(dock, qtbot, "rows")
    (layer,) = made(viewer)
    assert layer.metadata[METADATA]["objects"]["minimum_size"] == 5
    assert len(layer.features) == layer.data.max()
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)


def test_painted_labels_are_repeated_and_what_nobody_noted_is_said(opened, qtbot, labels_of):
    viewer, dock = opened()
    ran(dock, qtbot)
    (layer,) = made(viewer)
    layer.paint((10, 10), 7)
    dock.view.result.measure.click()
    until_said(dock, qtbot, "rows")
    table = layer.features
    assert table["class"].tolist() == table["index"].tolist()
    found = labels_of(script_of(dock, qtbot), {"noise": NOISE})
    np.testing.assert_array_equal(found, layer.data)
    layer.data = np.array(layer.data)
    layer.data[10, 10] += 1
    dock.view.result.copy.click()
    until_said(dock, qtbot, "before you changed them")
    assert "edited" not in layer.metadata[METADATA]
    ran(dock, qtbot, seed=2)
    assert layer.metadata[METADATA]["edited"]


def test_classes_have_names_only_where_they_were_scribbled(opened, qtbot):
    viewer, dock = opened()
    ran(dock, qtbot)
    dock.view.setup.new_scribbles.click()
    dock.view.setup.class_names.table.item(0, 1).setText("nuclei")
    dock.view.result.measure.click()
    until_said(dock, qtbot, "rows")
    assert "name" not in made(viewer)[0].features.columns


def test_what_was_learned_outlives_a_run_that_learned_nothing(opened, qtbot):
    _viewer, dock = opened()
    ran(dock, qtbot)
    fit = dock._fits.fit
    dock.view.setup.fill({"channels": 9})
    assert not dock.view.controls.resume.isEnabled()
    dock.resume()
    assert "does not fit the parameters" in dock.view.controls.error.text()
    assert not dock.live
    assert dock._fits.fit is fit
    dock.view.setup.fill({"channels": 8})
    assert dock.view.controls.resume.isEnabled()


def test_labels_that_are_no_scribbles_do_no_harm(opened, qtbot):
    viewer, dock = opened()
    many = viewer.add_labels(np.full((48, 64), 20_000), name="nuclei")
    lazy = viewer.add_labels(dask.array.ones((48, 64), dtype=int), name="lazy")
    dock.view.setup.scribbles.choose(many)
    assert dock.view.setup.class_names.table.rowCount() == 50
    dock.view.setup.scribbles.choose(lazy)
    assert dock.view.setup.class_names.table.rowCount() == 2
    dock.view.setup.class_names.picked.emit(2)
    assert (viewer.layers.selection.active, lazy.selected_label) == (lazy, 2)


def test_a_closed_dock_hears_nothing_of_the_rectangle(opened, qtbot):
    viewer, dock = opened()
    dock.view.setup.region.area.choose("rectangle")
    dock.view.setup.region.draw.click()
    viewer.window.remove_dock_widget(dock)
    viewer.layers["Trial rectangle"].add_rectangles([[10, 20], [30, 50]])
    assert not dock._guide.waiting
    dock.deleteLater()


def test_closing_the_dock_lets_go_of_the_run(opened, qtbot):
    import gc
    import weakref

    viewer, dock = opened()
    ran(dock, qtbot)
    run = weakref.ref(dock._results.outcome.run)
    viewer.window.remove_dock_widget(dock)
    gc.collect()
    assert run() is None
    dock.deleteLater()


def test_how_it_works_opens_the_page_of_the_method(opened, qtbot):
    _, dock = opened()
    dock.view.setup.about.linkActivated.emit("page")
    dialogs = [each for each in QApplication.topLevelWidgets() if each.windowTitle() == "Backprop"]
    assert len(dialogs) == 1
    assert "superpixels" in dialogs[0].layout().itemAt(0).widget().toPlainText()
    dialogs[0].close()


def test_labels_of_another_shape_are_neither_measured_nor_saved(
    opened, qtbot, tmp_path, monkeypatch
):
    viewer, dock = opened()
    ran(dock, qtbot)
    (layer,) = made(viewer)
    layer.data = np.ones((10, 10), np.uint8)
    result = dock.view.result
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(tmp_path / "labels.tif"))
    for button in (result.save_labels, result.measure):
        dock.view.controls.say("")
        button.click()
        until_said(dock, qtbot, "noise [Backprop] has labels of another shape than its image now")
    assert not (tmp_path / "labels.tif").exists()
