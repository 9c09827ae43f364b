"""Scripts written from records give, in a fresh process, the labels of the run bit for bit."""

from __future__ import annotations

import ast
import subprocess
import sys

import imageio.v3 as iio
import numpy as np
import pytest
import skimage

import napari_selfseg as ss
from napari_selfseg import record, samples
from napari_selfseg.catalogue import over_segment
from napari_selfseg.editing import Evidence, ObjectEdits
from napari_selfseg.objects import connected, merged_small
from napari_selfseg.replaying import _reading

HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
VOTED = ss.Backprop(iterations=3, channels=6, min_labels=1, seed=3)
PIXELS = VOTED.replace(variant="continuity")
SLIC = ss.Slic(n_segments=30)
# Runs every script of a folder, with the layers that napari's console would have.
DRIVER = """
import pathlib, sys, types
import numpy as np
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    layers = dict(np.load(file.with_suffix(".npz")))
    layers = {name: types.SimpleNamespace(data=data) for name, data in layers.items()}
    names = {"viewer": types.SimpleNamespace(layers=layers)}
    exec(compile(file.read_text("utf-8"), file, "exec"), names)
    np.save(file.with_suffix(".npy"), names["labels"])
"""


def picture(seed=0, shape=(20, 24), dtype=np.float64):
    noise = np.random.default_rng(seed).random(shape)
    return noise if dtype == np.float64 else (noise * 255).astype(dtype)


def masked(shape=(20, 24)):
    mask = np.ones(shape, bool)
    mask[:4, :7] = False
    return mask


def scribbled(shape=(20, 24)):
    scribbles = np.zeros(shape, np.uint8)
    scribbles[3, 2:9], scribbles[12, 4:20] = 1, 2
    return scribbles


def grid(shape=(20, 24)):
    y, x = np.indices(shape)
    return y // 4 * 100 + x // 5 + 1


def evolved(stop_at, image=None, method=VOTED, **options):
    run = ss.evolve(picture() if image is None else image, method, **HERE, **options)
    for step in run:
        if step.iteration == stop_at:
            run.stop()
    return run


def half_way(**options):
    """A run that goes on, and one that was ended without its closing step."""
    run = ss.evolve(picture(), PIXELS.replace(iterations=50), name="cells", **HERE)
    next(step for step in run if step.iteration == 2)
    return run


def abandoned():
    run = half_way()
    run.close()
    return run


def continued(*until):
    run = one(VOTED, superpixels=SLIC)
    for iterations in until:
        run = ss.go_on(run, picture(), iterations=iterations).finish()
    return run


def stopped_at_once():
    run = ss.go_on(continued(), picture(), iterations=9)
    run.stop()
    return run.finish()


def one(method, name="cells", image=None, **options):
    return ss.segment(picture() if image is None else image, method, name=name, **HERE, **options)


def from_layers(run, *layers, **rest):
    """The record as a dock writes it."""
    source = {"layers": list(layers), "path": "", "multiscale": False, "rgb": False, "region": None}
    return {**run.record(), "source": source | rest}


def two(method, **options):
    images = [picture(0), picture(1, (13, 9))]
    return ss.segment(images, method, name=["one", "two"], **HERE, **options), images


def cut(run, n_segments, image=None, superpixels=None, **options):
    """A record of a cut, and the cut."""
    pieces = None
    if superpixels is not None:
        pieces, _ = over_segment(picture() if image is None else image, superpixels, **options)
    labels = run.hierarchy(superpixels=pieces).cut(n_segments)
    return run.record(n_segments=n_segments, superpixels=superpixels), labels


def cuts(cells):
    """Name: (record, labels, layers by name), of cuts of a consensus."""
    smoothed, shown = cut(one(VOTED, superpixels=SLIC), 9)
    smoothed["objects"] = {"connected": False, "minimum_size": 20}
    options = {"mask": masked(), "spacing": (2, 0.5)}
    images = [picture(0), picture(1, (13, 9))]
    several = ss.segment(
        images, PIXELS, mask=[masked(), None], spacing=(2, 0.5), name=["one", "two"], **HERE
    )
    bound = one(VOTED, superpixels=SLIC)
    strokes = scribbled()[::-1]
    later = bound.record(n_segments=7, scribbles=strokes)
    later["objects"] = {"connected": False, "minimum_size": 120}
    segments = bound.hierarchy().bound(strokes).cut(7)
    kept = merged_small(segments, 120, keep=strokes)
    assert not np.array_equal(kept, merged_small(segments, 120)), "test invalid"
    return {
        "cut bound to strokes drawn later": (later, kept, cells),
        "cut": (*cut(one(VOTED, superpixels=SLIC), 7), cells),
        "cut without superpixels": (
            *cut(one(PIXELS, **options), 5, superpixels=SLIC, **options),
            cells,
        ),
        "cut of several": (
            *cut(several, 5, superpixels=SLIC, **options),
            dict(zip(["one", "two"], images, strict=True)),
        ),
        "cut of a stopped run": (*cut(evolved(2, superpixels=SLIC, name="cells"), 6), cells),
        "cut while running": (*cut(half_way(), 4, superpixels=SLIC), cells),
        "cut of an abandoned run": (*cut(abandoned(), 4, superpixels=SLIC), cells),
        "smoothed cut": (smoothed, merged_small(shown, 20), cells),
    }


def corrected(run, cells):
    """The record of labels that a person corrected, every kind of edit among them."""
    labels = run.labels().copy()
    whole = np.flatnonzero(labels.ravel() == labels[19, 23])
    objects = ObjectEdits(labels, Evidence(picture(), mask=masked(), spacing=(2, 0.5)))
    objects.split([(0, 12), (19, 12)])
    objects.delete([(19, 23)])
    assert not labels.ravel()[whole[-1]], "test invalid"
    first, second = (np.argwhere(labels == number)[0].tolist() for number in objects.numbers[:2])
    objects.merge([first, second])
    objects.classify([first], 2)
    labels[17:, 20:] = 9
    objects.painted(np.flatnonzero(labels.ravel() == 9), np.zeros((labels == 9).sum(), int), 9)
    written = {**run.record(), "edits": [each.as_record() for each in objects.edits]}
    return {"corrected by hand": (written, labels, cells)}


def pairs():
    """Name: (record, labels, layers by name)."""
    cells = {"cells": picture()}
    rgb = picture(2, (20, 24, 3), np.uint8)
    runs = {
        "superpixels": (one(VOTED, superpixels=SLIC), cells),
        "continued": (continued(4, 6), cells),
        "continued and stopped at once": (stopped_at_once(), cells),
        "default superpixels": (one(VOTED), cells),
        "continuity": (one(PIXELS), cells),
        "array of superpixels": (one(VOTED, superpixels=grid()), cells),
        "mask": (one(PIXELS, mask=masked(), spacing=(2, 0.5)), cells),
        "mask and superpixels": (one(VOTED, mask=masked(), superpixels=SLIC), cells),
        "scribbles": (one(PIXELS, scribbles=scribbled()), cells),
        "colours": (one(VOTED, image=rgb, channel_axis=-1, superpixels=SLIC), {"cells": rgb}),
        "stopped": (evolved(1, method=PIXELS, name="cells"), cells),
        "stopped at once": (evolved(0, superpixels=SLIC, name="cells"), cells),
        "still running": (half_way(), cells),
        "abandoned": (abandoned(), cells),
    }
    found = {name: (run.record(), run.labels(), layers) for name, (run, layers) in runs.items()}
    found |= corrected(runs["mask"][0], cells)
    earlier = runs["superpixels"][0]
    found["an earlier iteration"] = (earlier.record(1), earlier.labels(1), cells)
    found |= cuts(cells)
    for name, options in {
        "several": {"superpixels": SLIC},
        "several arrays": {"superpixels": [grid(), grid((13, 9))], "mask": [masked(), None]},
        "several with scribbles": {"superpixels": SLIC, "scribbles": [None, scribbled()[:13, :9]]},
    }.items():
        run, images = two(VOTED, **options)
        found[name] = (run.record(), run.labels(), dict(zip(["one", "two"], images, strict=True)))
    alone = {"channel_axis": -1, "mask": masked(), "spacing": (1, 2), "name": "cells"}
    labels, written = over_segment(rgb, SLIC, **alone)
    found["superpixels alone"] = (written, labels, {"cells": rgb})
    volume, part = picture(5, (3, 30, 40)), (2, slice(4, 24), slice(6, 30))
    run = one(PIXELS, image=volume[part])
    region = {"region": [2, [4, 24], [6, 30]]}
    found["region"] = (from_layers(run, "cells", **region), run.labels(), {"cells": volume})
    one_layer, other = picture(), picture(7)
    channels = np.stack([one_layer, other], axis=-1)
    run = one(VOTED, image=channels[2:, :16], superpixels=SLIC, channel_axis=-1)
    found["channels"] = (
        from_layers(run, "cells", "other", region=[[2, 20], [0, 16]]),
        run.labels(),
        {"cells": one_layer, "other": other},
    )
    run = one(VOTED, image=rgb, superpixels=SLIC, channel_axis=-1)
    alpha = np.concatenate((rgb, rgb[..., :1]), axis=-1)
    found["alpha"] = (from_layers(run, "cells", rgb=True), run.labels(), {"cells": alpha})
    classes = run.labels()
    for name, wanted, shown in (
        ("objects", {"connected": True, "minimum_size": 4}, connected(classes, minimum_size=4)),
        ("smoothed", {"connected": False, "minimum_size": 6}, merged_small(classes, 6)),
    ):
        written = {**from_layers(run, "cells", rgb=True), "objects": wanted}
        found[name] = (written, shown, {"cells": alpha})
    return found


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    cases = pairs()
    for name, (found, _, layers) in cases.items():
        file = folder / f"{name}.py"
        plain = record.loads(record.dumps(found))
        assert ss.as_script(plain) == ss.as_script(found)
        file.write_text(ss.as_script(plain), "utf-8")
        np.savez(file.with_suffix(".npz"), **layers)
    subprocess.run([sys.executable, "-c", DRIVER, folder], check=True, timeout=300)
    return {
        name: (labels, np.load(folder / f"{name}.npy")) for name, (_, labels, _) in cases.items()
    }


NAMES = [
    "superpixels",
    "default superpixels",
    "continuity",
    "array of superpixels",
    "mask",
    "mask and superpixels",
    "scribbles",
    "colours",
    "stopped",
    "stopped at once",
    "still running",
    "abandoned",
    "an earlier iteration",
    "cut",
    "cut bound to strokes drawn later",
    "cut without superpixels",
    "cut of several",
    "cut of a stopped run",
    "cut while running",
    "cut of an abandoned run",
    "smoothed cut",
    "continued",
    "continued and stopped at once",
    "several",
    "several arrays",
    "several with scribbles",
    "superpixels alone",
    "region",
    "channels",
    "alpha",
    "objects",
    "smoothed",
    "corrected by hand",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_process_makes_the_same_labels(replayed, name):
    expected, found = replayed[name]
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) > 1, "test invalid"


def test_every_case_is_tested(replayed):
    assert sorted(replayed) == sorted(NAMES)


def test_a_script_alone_reads_its_file(tmp_path):
    file = tmp_path / "cells's image.png"
    iio.imwrite(file, picture(0, (20, 24, 3), np.uint8))
    image = ss.read_image(file)
    run = one(PIXELS, image.name, image.data, channel_axis=image.channel_axis)
    text = ss.as_script(run.record())
    assert "viewer" not in text
    target = tmp_path / "labels.tif"
    text += f"\nss.write_labels({str(target)!r}, labels)\n"
    (tmp_path / "again.py").write_text(text, "utf-8")
    subprocess.run([sys.executable, tmp_path / "again.py"], check=True, timeout=300)
    np.testing.assert_array_equal(ss.read_image(target).data, run.labels())


# In a process of its own, each script in its folder, with nothing but what it says itself.
FRESH = """
import os, pathlib, sys
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    os.chdir(folder)
    try:
        exec(compile(pathlib.Path("script.py").read_text("utf-8"), "script.py", "exec"), {})
    except ValueError as error:
        pathlib.Path("said").write_text(str(error), "utf-8")
"""


def sampled(plugin, name, layer, **rest):
    """The source of a layer that was opened as a sample."""
    source = {"layers": [layer], "path": "", "multiscale": False, "rgb": False, "region": None}
    return {**source, "origins": [{"path": "", "sample": [plugin, name]}], **rest}


def of_a_sample(folder):
    nuclei = samples.load("fluorescence_nuclei")[10:60, 20:90]
    run = one(VOTED, "nuclei", nuclei, superpixels=SLIC)
    part = {"region": [[10, 60], [20, 90]]}
    source = sampled("napari-selfseg", "fluorescence_nuclei", "nuclei", **part)
    wanted = {"connected": True, "minimum_size": 4}
    found = {**run.record(1), "source": source, "objects": wanted}
    return found, connected(run.labels(1), minimum_size=4)


def of_another_plugin(folder):
    run = one(VOTED, "coins", skimage.data.coins(), superpixels=SLIC)
    return {**run.record(), "source": sampled("napari", "coins", "coins")}, run.labels()


def of_files(folder):
    files = [folder / f"{k}.tif" for k in range(2)]
    for k, file in enumerate(files):
        iio.imwrite(file, picture(k))
    channels = np.stack([picture(0), picture(1)], axis=-1)
    run = one(VOTED, "a + b", channels, channel_axis=-1, superpixels=SLIC)
    origins = [{"path": str(file), "sample": None} for file in files]
    return from_layers(run, "a", "b", origins=origins), run.labels()


def of_a_cut(folder):
    iio.imwrite(folder / "cells.tif", picture())
    run = one(PIXELS)
    found, labels = cut(run, 5, superpixels=SLIC)
    source = from_layers(run, "cells", path=str(folder / "cells.tif"))["source"]
    return {**found, "source": source}, labels


def of_no_file(folder):
    run = one(VOTED, 'a "cell"', superpixels=SLIC)
    return from_layers(run, 'a "cell"'), run.labels()


SAVED = [of_a_sample, of_another_plugin, of_files, of_a_cut]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Folder and labels of scripts that were run in a fresh process."""
    root, found = tmp_path_factory.mktemp("fresh"), {}
    place = {"spacing": [0.5, 0.5], "unit": "µm"}
    for make in [*SAVED, of_no_file]:
        folder = root / make.__name__
        folder.mkdir()
        written, labels = make(folder)
        text = ss.as_script(written, target="labels again.tif", **place)
        (folder / "script.py").write_text(text, "utf-8")
        found[make] = (folder, written, labels)
    found["filled in"] = _filled_in(root, *found[of_no_file])
    subprocess.run([sys.executable, "-c", FRESH, root], check=True, timeout=300)
    return found


def _filled_in(root, before, written, labels):
    folder = root / "of_no_file_filled_in"
    folder.mkdir()
    iio.imwrite(folder / "cell.tif", picture())
    text = (before / "script.py").read_text("utf-8")
    assert """'a "cell"': \"\"""" in text
    text = text.replace("""'a "cell"': \"\"""", """'a "cell"': "cell.tif\"""")
    (folder / "script.py").write_text(text, "utf-8")
    return folder, written, labels


@pytest.mark.parametrize("made", [*SAVED, "filled in"])
def test_a_script_alone_saves_the_labels_with_their_record(fresh, made):
    if made is of_another_plugin:
        pytest.importorskip("napari")
    folder, written, labels = fresh[made]
    assert not (folder / "said").exists()
    saved = ss.read_image(folder / "labels again.tif")
    np.testing.assert_array_equal(saved.data, labels)
    assert saved.spacing == (0.5, 0.5)
    again = ss.read_record(folder / "labels again.tif")
    for key in ("cut", "objects", "shown", "method"):
        assert again.get(key) == written.get(key)


def test_of_a_layer_from_no_file_it_says_what_to_fill_in(fresh):
    folder = fresh[of_no_file][0]
    said = (folder / "said").read_text("utf-8")
    assert said == 'Save the layer a "cell", and write the name of its file into files.'
    assert not list(folder.glob("*.tif"))


def test_a_name_closes_no_string_and_no_comment():
    evil = sampled(EVIL, EVIL, EVIL)
    plain = sampled("plugin", "name", "layer")
    run = one(PIXELS).record()
    texts = [ss.as_script({**run, "source": each}, target=EVIL) for each in (evil, plain)]
    assert statements(texts[0]) == statements(texts[1])


def run_here(text, **names):
    exec(compile(text, "script", "exec"), names)
    return names


class Viewer:
    """As much of a viewer as a script asks for."""

    def __init__(self, **layers):
        self.layers = {name: type("Layer", (), {"data": data}) for name, data in layers.items()}


def test_another_image_is_refused():
    text = ss.as_script(one(PIXELS).record())
    with pytest.raises(ValueError, match="not the image of the record"):
        run_here(text, viewer=Viewer(cells=picture(1)))


def test_a_warm_start_says_what_is_missing_and_can_be_completed(tmp_path):
    fit = one(PIXELS).fit
    ss.save_fit(fit, tmp_path / "cells.safetensors")
    run = one(PIXELS, start=fit)
    text = ss.as_script(run.record())
    viewer = Viewer(cells=picture())
    with pytest.raises(ValueError, match="Load the fit this run began from"):
        run_here(text, viewer=viewer)
    loaded = f"start = ss.load_fit({str(tmp_path / 'cells.safetensors')!r})"
    completed = text.replace("start = None", loaded)
    np.testing.assert_array_equal(run_here(completed, viewer=viewer)["labels"], run.labels())
    other = text.replace("start = None", "start = other")
    with pytest.raises(ValueError, match="Load the fit"):
        run_here(other, viewer=viewer, other=run.fit)


def test_only_what_differs_from_the_defaults_is_spelled_out():
    text = ss.as_script(one(VOTED.replace(learning_rate=0.2), superpixels=SLIC).record())
    assert "method = ss.Backprop(iterations=3, seed=3, channels=6, min_labels=1" in text
    assert "learning_rate=0.2)" in text
    assert "superpixels=ss.Slic(n_segments=30)" in text
    for left_out in ("momentum", "variant", "compactness", "channel_axis", "mask", "spacing"):
        assert left_out not in text
    for there in ("seed=3", "device='cpu'", "precision='float32'", "threads=1", "name='cells'"):
        assert there in text
    assert ss.__version__ in text
    assert "All 3 iterations are done." in text


def test_a_cut_counts_no_iteration_after_the_one_shown():
    found = abandoned().record(n_segments=4, superpixels=SLIC)
    found["iterations"] = found["shown"] + 1  # ended between the update and its labels
    assert f"step.iteration == {found['shown']})" in ss.as_script(found)


def test_long_arrays_are_wrapped():
    noise = np.random.default_rng(0).integers(1, 1000, (40, 50))
    text = ss.as_script(one(VOTED, image=picture(0, (40, 50)), superpixels=noise).record())
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", ["a.tif", "A.TIFF", "a.png", "a.JPG", "a.jpeg", "a.ome.ZARR"])
def test_every_readable_ending_is_a_file(name):
    assert _reading._is_file(name)
    assert not _reading._is_file(name + ".txt")


EVIL = "\nimport os\rraise SystemExit(1)\u2028\"\"\"'''\\"


def statements(text):
    return [type(node).__name__ for node in ast.parse(text).body]


def test_no_value_becomes_code():
    found = record.loads(record.dumps(one(VOTED, mask=masked(), superpixels=grid()).record()))
    expected = statements(ss.as_script(found))
    found["images"][0]["name"] = found["images"][0]["dtype"] = EVIL
    found["software"][EVIL] = EVIL
    found["stop"]["sentence"] = EVIL
    found["device"] = EVIL
    found["mask"][0]["data"] += EVIL
    assert statements(ss.as_script(found)) == expected
    with pytest.raises(ValueError, match=r"^The record is damaged: spacing\.0"):
        ss.as_script({**found, "spacing": [EVIL, 1]})
    with pytest.raises(ValueError, match="Backprop"):
        ss.as_script({**found, "method": {"name": "backprop", EVIL: 1}})


@pytest.mark.parametrize(
    "change",
    [
        {"method": {"name": "magic"}},
        {"method": "backprop"},
        {"superpixels": {"name": "magic"}},
        {"iterations": "many"},
        {"images": None},
        {"images": [{}]},
        {"source": {"layers": ["cells"]}},
        {"source": {"layers": ["a"], "path": "", "multiscale": 0, "rgb": 0, "region": [[1]]}},
        {"objects": {"connected": True}},
        {"cut": {}},
        {"cut": {"n_segments": "import os"}},
        {"cut": {"n_segments": 4, "superpixels": {"name": "magic"}}},
        {"cut": {"n_segments": 4, "scribbles": 3}},
        {"software": None},
    ],
    ids=repr,
)
def test_a_record_that_was_tampered_with_is_refused(change):
    found = one(VOTED, superpixels=SLIC).record()
    with pytest.raises(ValueError, match=r"\w"):
        ss.as_script({**found, **change})


def test_an_incomplete_record_is_refused():
    with pytest.raises(ValueError, match="not complete: images"):
        ss.as_script(
            {
                "method": None,
                "superpixels": None,
                "channel_axis": None,
                "iterations": 0,
                "shown": 0,
                "software": {},
            }
        )
