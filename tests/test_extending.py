"""The examples of the page on extending, each exactly as it stands there."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import yaml

import napari_selfseg as ss
from napari_selfseg import catalogue, consensus
from napari_selfseg.catalogue import METHODS, SUPERPIXELS, known_methods, known_superpixels
from napari_selfseg.cli import main
from napari_selfseg.consensus import _in_blocks, _sources
from napari_selfseg.consensus._votes import _classical
from napari_selfseg.declared import with_declared
from napari_selfseg.io import read_label_image
from napari_selfseg.scale import Recipe

PAGE = Path(__file__).resolve().parents[1] / "docs" / "extending.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
ON_LINE = ["--device", "cpu", "--threads", "1", "--precision", "float32"]
# Runs every script of a folder.
DRIVER = """
import pathlib, sys
import numpy as np
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    names = {}
    exec(compile(file.read_text("utf-8"), file, "exec"), names)
    np.save(file.with_suffix(".npy"), names["labels"])
"""
OTHERS = """
import abc
import napari_selfseg as ss
class Twin(ss.Slic):
    title = "Twin"
class Namesake(ss.Slic):
    name = "namesake"
class Unfinished(ss.Superpixels):
    name = "unfinished"
class Blank(ss.Slic):
    name, title = "two words", "Blank"
class Map(ss.Slic):
    name, title = "contour_map", "Map"
class Bare(ss.Slic):
    name, title = "bare", "Bare"
    size: int
class Outer:
    class Inner(ss.Slic):
        name, title = "inner", "Inner"
nothing = 3
"""


def section(title):
    """Return the blocks of code below a heading, by their language."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"\n## {title}\n")
    assert rest, title
    found = {}
    for language, text in BLOCK.findall(rest.partition("\n## ")[0]):
        found.setdefault(language, []).append(text)
    return found


def image():
    """Return three stripes with noise, and which stripe each pixel is of."""
    truth = np.indices((36, 45))[1] // 15
    noise = np.random.default_rng(0).normal(scale=12, size=truth.shape)
    return np.clip(40 + 80 * truth + noise, 0, 255).astype(np.uint8), truth


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a package, and the folder it lies in."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    with_declared.cache_clear()
    installed = []

    def make(name, files, points):
        for file, text in files.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, "utf-8")
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        groups = [
            f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items())
            for group, each in points.items()
        ]
        (info / "entry_points.txt").write_text("\n".join(groups), "utf-8")
        importlib.invalidate_caches()
        installed.append(name.replace("-", "_"))
        return folder

    yield make
    with_declared.cache_clear()
    for name in installed:
        sys.modules.pop(name, None)


def in_a_fresh_process(folder, code, *words):
    """Run Python with the packages of a folder, and return what it says."""
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return done.stdout


def points_of(blocks):
    (text,) = blocks["toml"]
    return tomllib.loads(text)["project"]["entry-points"]


@pytest.fixture
def packages(install):
    """Install the superpixel algorithm and the method of the page."""
    for name, title in (("hexagons", "A superpixel algorithm"), ("colour_means", "A method")):
        blocks = section(title)
        folder = install(name, {f"{name}.py": blocks["python"][0]}, points_of(blocks))
    return folder


def test_they_are_known_without_being_named_here(packages, capsys):
    assert [each.name for each in known_methods()] == [*(m.name for m in METHODS), "colour_means"]
    assert [each.name for each in known_superpixels()][-1] == "hexagons"
    assert main(["methods"]) == 0
    listed = capsys.readouterr().out
    assert "colour_means: Colour means. Lloyd," in listed
    assert "hexagons: superpixels, Hexagons, for planes\n" in listed
    recipe = Recipe.from_dict({"method": {"name": "colour_means", "classes": 7}})
    assert (recipe.method.title, recipe.method.classes) == ("Colour means", 7)


def test_hexagons_have_their_area_and_take_pixel_sizes_and_masks(packages):
    from hexagons import Hexagons

    labels, _ = ss.over_segment(image()[0], Hexagons(size=8))
    areas = np.bincount(labels.ravel())[1:]
    assert np.median(areas) == pytest.approx(8 * 8 * 3**0.5 / 2, rel=0.1)
    fewer, _ = ss.over_segment(image()[0], Hexagons(size=8), spacing=(2, 1))
    assert 1.5 < fewer.max() / labels.max() < 2.5
    mask = image()[1] > 0
    masked, _ = ss.over_segment(image()[0], Hexagons(size=8), mask=mask)
    np.testing.assert_array_equal(masked > 0, mask)


def test_the_test_of_the_page_passes(packages):
    names = {}
    exec(section("A superpixel algorithm")["python"][1], names)
    names["test_hexagons"]()
    sabotaged = section("A superpixel algorithm")["python"][1].replace("size=10", "size=30")
    exec(sabotaged, names)
    with pytest.raises(AssertionError):
        names["test_hexagons"]()


def test_the_method_finds_what_differs_in_colour_and_keeps_what_it_learned(packages, tmp_path):
    from colour_means import ColourMeans
    from hexagons import Hexagons

    pixels, truth = image()
    method = ColourMeans(classes=3, seed=1)
    run = ss.segment(pixels, method, superpixels=ss.Patches(size=3), **HERE)
    pairs = np.unique(np.stack((run.labels().ravel(), truth.ravel())), axis=1)
    assert pairs.shape[1] == 3
    assert run.losses["distance"][9] < run.losses["distance"][0] / 4

    ss.save_fit(run.fit, tmp_path / "fit.safetensors")
    fit = ss.load_fit(tmp_path / "fit.safetensors")
    assert fit.method == method
    np.testing.assert_array_equal(fit.predict(pixels), run.fit.predict(pixels))

    stopped = ss.evolve(pixels, method, superpixels=Hexagons(size=4), **HERE)
    for step in stopped:
        if step.iteration == 2:
            stopped.stop()
    asked = ss.segment(pixels, method.replace(iterations=2), superpixels=Hexagons(size=4), **HERE)
    np.testing.assert_array_equal(stopped.labels(), asked.labels())
    told = ss.estimate(pixels.shape, 1, method, device="cpu")
    assert 0 < told.bytes < 2**31


def test_command_line_records_replay_and_scripts_know_them(packages, tmp_path):
    from colour_means import ColourMeans
    from hexagons import Hexagons

    pixels, _ = image()
    file, labels, pieces = (tmp_path / each for each in ("cells.png", "labels.tif", "pieces.tif"))
    iio.imwrite(file, pixels)
    words = ["--method", "colour_means", "--classes", "4", "--superpixels", "hexagons:size=4"]
    assert main(["segment", str(file), "-o", str(labels), *words, *ON_LINE]) == 0
    words = ["superpixels", str(file), "-o", str(pieces), "--superpixels", "hexagons:size=6"]
    assert main(words) == 0

    run = ss.segment(pixels, ColourMeans(classes=4), superpixels=Hexagons(size=4), **HERE)
    expected = {labels: run.labels(), pieces: ss.over_segment(pixels, Hexagons(size=6))[0]}
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for made, array in expected.items():
        assert len(np.unique(array)) > 2, "test invalid"
        np.testing.assert_array_equal(read_label_image(made), array)
        record = ss.read_record(made)
        np.testing.assert_array_equal(ss.replay(record, pixels), array)
        (scripts / f"{made.stem}.py").write_text(ss.as_script(record), "utf-8")
    assert "\nimport colour_means\nimport hexagons\n" in (scripts / "labels.py").read_text()

    in_a_fresh_process(packages, DRIVER, str(scripts))
    for made, array in expected.items():
        np.testing.assert_array_equal(np.load(scripts / f"{made.stem}.npy"), array)


def test_batches_know_them(packages, tmp_path):
    (tmp_path / "images").mkdir()
    iio.imwrite(tmp_path / "images" / "cells.png", image()[0])
    words = ["--method", "colour_means", "--superpixels", "hexagons:size=4", *ON_LINE]
    out = tmp_path / "out"
    assert main(["batch", str(tmp_path / "images"), "-o", str(out), *words]) == 0
    (made,) = out.glob("*.tif")
    record = ss.read_record(made)
    assert (record["method"]["name"], record["superpixels"]["name"]) == ("colour_means", "hexagons")


def test_a_record_of_a_package_that_is_not_there_says_what_is(packages, monkeypatch):
    from hexagons import Hexagons

    _, record = ss.over_segment(image()[0], Hexagons())
    with_declared.cache_clear()
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(packages)])
    with pytest.raises(ValueError, match="no superpixel algorithm 'hexagons'; known are slic, "):
        ss.replay(record, image()[0])


def test_importing_this_package_loads_no_other(install):
    blocks = section("A superpixel algorithm")
    text = f"print('loaded')\n{blocks['python'][0]}"
    folder = install("hexagons", {"hexagons.py": text}, points_of(blocks))
    code = (
        "import napari_selfseg as ss, napari_selfseg.cli; ss.Slic; print('imported');"
        "from napari_selfseg.catalogue import known_superpixels; known_superpixels()"
    )
    assert in_a_fresh_process(folder, code).split() == ["imported", "loaded"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("others:Twin", "left out: napari_selfseg.superpixels._slic has the name slic and"),
        ("others:Namesake", "left out: napari_selfseg.superpixels._slic has the name slic and"),
        (
            "others:Unfinished",
            "does not define over_segment, connectivity, ndims, title.",
        ),
        ("others:Blank", "is left out: 'two words' is no name for it: take letters, digits and"),
        ("others:Map", "is left out: 'contour_map' is no name for it"),
        ("others:Bare", "is left out: size of Bare has no default."),
        ("others:Outer.Inner", "is left out: Outer.Inner is not at the top of its module."),
        ("others:nothing", "is left out: 3 is no class derived from Superpixels."),
        ("others:missing", "cannot be loaded: "),
        ("no_such_module:Any", "cannot be loaded: No module named 'no_such_module'"),
    ],
)
def test_what_cannot_be_used_is_left_out_in_one_sentence(install, value, words):
    install("others", {"others.py": OTHERS}, {catalogue.SUPERPIXEL_GROUP: {"mine": value}})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert known_superpixels() == SUPERPIXELS
        assert known_superpixels() == SUPERPIXELS
    (sentence,) = [str(each.message) for each in told if each.category is UserWarning]
    assert sentence.startswith("The superpixel algorithm mine ")
    assert words in sentence


def test_forms_and_pages_show_them(packages, qtbot, tmp_path):
    pytest.importorskip("qtpy", reason="docks need Qt")
    from colour_means import ColourMeans
    from hexagons import Hexagons

    from napari_selfseg.widgets.model.choices import load
    from napari_selfseg.widgets.model.kept.presets import Presets
    from napari_selfseg.widgets.superpixels._view import SuperpixelsView
    from napari_selfseg.widgets.views.method.method_page import page_of
    from napari_selfseg.widgets.views.setup import SetupView

    choices = load()
    setup, view = SetupView(Presets(tmp_path / "presets.json")), SuperpixelsView()
    for each in (setup, view):
        qtbot.addWidget(each)
    setup.populate(choices, "auto")
    view.populate(choices)
    setup.method.choose(ColourMeans)
    setup.fill({"classes": 9})
    setup.superpixels.choose(Hexagons)
    setup.fill_superpixels({"size": 22})
    form = setup.form(1)
    assert (form.method, form.values["classes"]) == (ColourMeans, 9)
    assert (form.superpixels, form.superpixel_values) == (Hexagons, {"size": 22})
    view.algorithm.choose(Hexagons)
    view.fill({"size": 33})
    assert view.values() == {"size": 33}
    assert page_of(ColourMeans).startswith("k-means of the colours")
    assert page_of(ss.Backprop).startswith("#")


# A source of evidence


@pytest.fixture
def edges(tmp_path, monkeypatch):
    """Add the source of the page: its file and its line."""
    file, line = section("A source of evidence")["python"]
    name = "napari_selfseg.consensus._sources._edges"
    (tmp_path / "_edges.py").write_text(file, "utf-8")
    spec = importlib.util.spec_from_file_location(name, tmp_path / "_edges.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, name, module)
    names = dict(vars(_sources))
    exec(line, names)
    assert names["SOURCES"] == (*_sources.SOURCES, module.EDGES)
    for place in (_classical, consensus._superpixels, _in_blocks):
        monkeypatch.setattr(place, "SOURCES", names["SOURCES"])
    return module.EDGES


def hatched():
    """Return two halves of the same colours: fine stripes, and coarse ones."""
    x = np.indices((96, 128))[1]
    stripes = np.where(x < 64, x // 2 % 2, x // 16 % 2)
    return (60 + 120 * stripes + np.random.default_rng(0).normal(0, 8, x.shape)).astype(np.uint8)


def test_a_source_is_heard_by_consensus(edges):
    pixels, method = hatched(), ss.Consensus(structure="regions", n_segments=6)
    run = ss.segment(pixels, method, **HERE)
    heard = run.hierarchy()
    record = run.record()
    np.testing.assert_array_equal(ss.replay(record, pixels), run.labels())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_classical, "SOURCES", _sources.SOURCES)
        without = ss.segment(pixels, method, **HERE).hierarchy()
    assert heard.histograms.shape[1] == without.histograms.shape[1] + 32
    assert (heard.disagreement != without.disagreement).any()


def test_its_clusters_tell_dense_edges_from_few(edges):
    pixels = hatched() / np.float32(255)
    parts = _sources.Parts(_sources.Whole(pixels[..., None], np.ones(pixels.shape, bool)), seed=0)
    density = edges.features(parts.seen(0))
    assert density.shape == (96, 128, 2)
    assert density.dtype == np.float32
    assert density[:, :56].min() > density[:, 88:].mean()


# A dock


def installed(install, *, found):
    """Install the dock of the page with its manifest, which napari then finds or does not."""
    pytest.importorskip("napari", reason="docks need napari")
    blocks = section("A dock")
    files = {
        "quick_dock/__init__.py": blocks["python"][0],
        "quick_dock/napari.yaml": blocks["yaml"][0],
    }
    install("quick-dock", files, points_of(blocks) if found else {})
    return importlib.import_module("quick_dock")


def test_the_manifest_of_the_dock_is_found_and_true(install):
    installed(install, found=True)
    from npe2 import PluginManifest

    manifest = PluginManifest.from_distribution("quick-dock")
    manifest.validate_imports()
    assert manifest.contributions.widgets[0].display_name == "Segment quickly"
    assert yaml.safe_load(section("A dock")["yaml"][0])["name"] == manifest.name


@pytest.mark.viewer
def test_the_dock_runs_in_a_window_and_stops(install, packages, make_napari_viewer_proxy, qtbot):
    # Each window of a process registers the commands of a plugin that appears, which fails.
    quick = installed(install, found=False)
    from colour_means import ColourMeans

    viewer = make_napari_viewer_proxy()
    dock = quick.QuickDock(viewer)
    viewer.window.add_dock_widget(dock, name="Quick")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    dock.view.run.click()
    assert "Open an image first" in dock.view.error.text()

    stack = np.stack([image()[0].T, image()[0].T])
    viewer.add_image(stack, name="stack", scale=(3, 0.5, 0.5))
    viewer.dims.set_point(0, 3)
    dock.view.method.choose(ColourMeans)
    dock.view.pages.current.fill({"classes": 4})
    dock.view.run.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    made = viewer.layers[-1]
    record = made.metadata["napari-selfseg"]
    assert (made.data.shape, record["method"]["classes"]) == ((1, 45, 36), 4)
    np.testing.assert_array_equal(made.translate, (3, 0, 0))
    np.testing.assert_array_equal(ss.replay(record, stack[1]), made.data[0])

    dock.view.pages.current.fill({"iterations": 1000})
    dock.view.run.click()
    dock.view.stop.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert viewer.layers[-1].metadata["napari-selfseg"]["iterations"] < 1000
