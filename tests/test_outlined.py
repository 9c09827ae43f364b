"""Final labels whose borders follow the image: in every method, map, cut, stack and replay."""

from __future__ import annotations

import dataclasses
import types

import numpy as np
import pytest
from skimage.measure import label

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.catalogue import METHODS, PIECES, over_segment
from napari_selfseg.outlines import refined
from napari_selfseg.protocol import outlined
from napari_selfseg.replaying import replay

HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
SMALL = {
    "consensus": {},
    "objects": {"iterations": 21, "largest": 900, "contrast": "bright"},
    "backprop": {"iterations": 2, "channels": 12},
    "dic": {"iterations": 2, "n_clusters": 12, "width": 4},
    "dsc": {"iterations": 3, "partitions": 12, "width": 4, "autoencoder_iterations": 1},
    "deepcut": {"iterations": 2, "n_clusters": 9},
    "sgseg": {"iterations": 3, "classes": 9, "spnn_iterations": 1, "n_superpixels": 9},
}
EVERY = [kind(**SMALL[kind.name], outlines="image") for kind in METHODS]
EVERY.append(ss.Backprop(variant="continuity", outlines="image", **SMALL["backprop"]))
SQUARES = ss.Patches(size=8)
QUICK = next(each for each in EVERY if each.name == "backprop")
GRASS, WATER = 3, 7
SHAPE = (40, 48)


def picture(seed=0):
    """A disc on a flat ground, which no superpixel of 8 x 8 pixels follows."""
    y, x = np.indices(SHAPE)
    inside = (y - 19) ** 2 + (x - 22) ** 2 < 150
    return inside + 0.05 * np.random.default_rng(seed).standard_normal(SHAPE)


def strokes():
    """Two classes, some strokes across the edge of the disc, and some side by side."""
    drawn = np.zeros(SHAPE, int)
    drawn[19, 14:40] = drawn[35, 4:9] = WATER
    drawn[20, 4:20] = drawn[2, 2:40] = GRASS
    return drawn


def masked():
    mask = np.ones(SHAPE, bool)
    mask[:9, 30:] = mask[18:21, 30:33] = False
    return mask


def ran(method=QUICK, image=None, **options):
    superpixels = {} if method.default_superpixels() is None else {"superpixels": SQUARES}
    given = picture() if image is None else image
    return ss.segment(given, method, **{**superpixels, **HERE, **options})


def pieces_of(run):
    return None if run.superpixels is not None else over_segment(picture(), PIECES)[0]


def maps(run):
    """Label maps of a run: as they are made of superpixels, and finished."""
    tree = run.hierarchy(superpixels=pieces_of(run))
    pairs = [(run.labels(t, outlines="superpixels"), run.labels(t)) for t in run.iterations]
    numbers = {tree.tree.fewest, tree.automatic, min(tree.tree.fewest + 3, tree.tree.most)}
    return [*pairs, *((tree.cut(n), run.outlined(tree.cut(n))) for n in numbers)]


@pytest.mark.parametrize("method", EVERY, ids=lambda each: f"{each.name}{each.n_classes}")
def test_strokes_masks_and_pieces_stay_and_borders_move(method):
    run = ran(method, scribbles=strokes(), mask=masked())
    moved = 0
    for before, found in maps(run):
        assert found.dtype == before.dtype
        if method.instances:  # the background's borders move, and strokes name no label
            none = ~masked()
            np.testing.assert_array_equal(found[none] == 0, before[none] == 0)
        else:
            np.testing.assert_array_equal(found == 0, before == 0)
            seen = np.where(masked(), strokes(), 0)
            np.testing.assert_array_equal(found[seen > 0], seen[seen > 0])
        assert set(np.unique(found)) == set(np.unique(before))
        for each in np.unique(found):
            pieces = [label(labels == each, connectivity=1).max() for labels in (before, found)]
            assert 1 <= pieces[1] <= pieces[0]
        moved += np.count_nonzero(found != before)
    assert moved, "test invalid"


@pytest.mark.parametrize("method", EVERY, ids=lambda each: f"{each.name}{each.n_classes}")
def test_a_record_makes_the_same_labels_again(method):
    run = ran(method, scribbles=strokes(), mask=masked())
    made = record.loads(record.dumps(run.record()))
    np.testing.assert_array_equal(replay(made, picture()), run.labels())
    pieces = PIECES if run.superpixels is None else None
    made = record.loads(record.dumps(run.record(n_segments=4, superpixels=pieces)))
    tree = run.hierarchy(superpixels=None if pieces is None else made_pieces())
    np.testing.assert_array_equal(replay(made, picture()), run.outlined(tree.cut(4)))


def made_pieces():
    return over_segment(picture(), PIECES, mask=masked())[0]


def test_the_record_says_what_borders_follow():
    run = ran()
    assert run.record()["method"]["outlines"] == "image"
    plain = run.record(outlines="superpixels")
    np.testing.assert_array_equal(replay(plain, picture()), run.labels(outlines="superpixels"))
    assert (run.labels() != run.labels(outlines="superpixels")).any(), "test invalid"
    other = ran(QUICK.replace(outlines="superpixels"))
    np.testing.assert_array_equal(other.labels(), run.labels(outlines="superpixels"))
    np.testing.assert_array_equal(other.labels(outlines="image"), run.labels())
    cut = other.record(n_segments=5, outlines="image")
    np.testing.assert_array_equal(replay(cut, picture()), run.cut(5))
    older = other.record()
    del older["method"]["outlines"]
    np.testing.assert_array_equal(replay(older, picture()), other.labels())


def test_the_disc_is_found_pixel_by_pixel():
    run = ss.segment(picture(), QUICK, outlines="superpixels", superpixels=SQUARES, **HERE)
    truth = picture() > 0.5
    labels = np.where(run.superpixels[0] > 0, 1, 0)
    for each in np.unique(run.superpixels[0]):
        inside = run.superpixels[0] == each
        labels[inside] = 1 + (truth[inside].mean() > 0.5)
    found = run.outlined(labels, outlines="image")
    assert np.count_nonzero(labels - 1 != truth) > 60, "test invalid"
    assert np.count_nonzero(found - 1 != truth) < 5


def test_strokes_drawn_later_hold_their_pixels_and_those_erased_do_no_more():
    run = ran(scribbles=np.where(strokes() == GRASS, GRASS, 0))
    drawn, none = np.zeros(SHAPE, int), np.zeros(SHAPE, int)
    drawn[7, 20:24] = 2  # the end of the disc, in a patch of the ground
    for strokes_now in (drawn, none):
        tree = run.hierarchy().bound(strokes_now)
        n = tree.tree.most
        labels = run.outlined(tree.cut(n), scribbles=strokes_now)
        made = record.loads(record.dumps(run.record(n_segments=n, scribbles=strokes_now)))
        np.testing.assert_array_equal(replay(made, picture()), labels)
        np.testing.assert_array_equal(scripted(made, picture()), labels)
        assert set(labels[drawn > 0]) == {2} or strokes_now is none
        others = run.outlined(tree.cut(n), scribbles=none if strokes_now is drawn else None)
        assert (others != labels).any(), "test invalid"


def scripted(made, image):
    layers = {"": types.SimpleNamespace(data=image)}
    names = {"viewer": types.SimpleNamespace(layers=layers)}
    exec(compile(ss.as_script(made), "script.py", "exec"), names)
    return names["labels"]


@pytest.mark.parametrize("cut", [{}, {"n_segments": 5}, {"n_segments": 5, "scribbles": strokes()}])
def test_a_script_makes_the_same_labels(cut):
    run = ran()
    found = scripted(run.record(**cut), picture())
    np.testing.assert_array_equal(found, replay(run.record(**cut), picture()))
    assert (found != replay(run.record(**cut, outlines="superpixels"), picture())).any()


def test_a_script_of_a_cut_of_other_pieces():
    run = ran(EVERY[-1])
    made = run.record(n_segments=5, superpixels=SQUARES)
    np.testing.assert_array_equal(scripted(made, picture()), replay(made, picture()))


def test_channels_come_first_and_several_images_have_their_own():
    images = [np.stack([picture(k), 2 * picture(k)]) for k in (0, 1)]
    run = ran(image=images, channel_axis=0)
    for k, image in enumerate(images):
        alone = refined(
            run.labels(image=k, outlines="superpixels"),
            100 * np.moveaxis(run.fit.scaling(image), 0, -1),
        )
        np.testing.assert_array_equal(run.labels(image=k), alone)


def test_a_volume_has_its_spacing():
    volume = np.stack([picture(k) for k in range(6)])
    options = {"superpixels": np.kron(np.arange(240).reshape(1, 12, 20) + 1, np.ones((6, 4, 3)))}
    options["superpixels"] = options["superpixels"][:, :40, :48].astype(int)
    flat = ran(image=volume, **options, spacing=(50.0, 1.0, 1.0)).labels()
    round_ = ran(image=volume, **options).labels()
    assert (flat != round_).any()
    run = ran(image=volume, **options, spacing=(50.0, 1.0, 1.0))
    np.testing.assert_array_equal(replay(run.record(), volume), flat)


def test_an_image_that_was_changed_is_refused():
    image = picture()
    run = ran(image=image)
    run.labels(outlines="superpixels")
    image[0, 0] += 1
    with pytest.raises(ValueError, match="not the image of the record"):
        run.labels()


def test_a_run_that_goes_on_keeps_its_outlines_or_has_others():
    run = ran(QUICK.replace(outlines="superpixels"))
    on = ss.go_on(run, picture(), iterations=4, outlines="image").finish()
    assert on.method.outlines == "image"
    np.testing.assert_array_equal(replay(on.record(), picture()), on.labels())
    assert ss.go_on(on, picture(), iterations=6).method.outlines == "image"


@pytest.mark.parametrize("carry", ["independent", "warm", "joint"])
def test_a_stack_has_them_plane_by_plane_and_is_replayed(carry):
    stack = np.stack([np.roll(picture(k), k, axis=1) for k in range(4)])
    options = {"carry": carry, "superpixels": SQUARES, **HERE}
    run = ss.over_stack(stack, QUICK, **options).finish()
    plain = ss.over_stack(stack, QUICK.replace(outlines="superpixels"), **options).finish()
    assert (run.out != plain.out).any(), "test invalid"
    np.testing.assert_array_equal(ss.replay_stack(run.record(), stack), run.out)
    if carry == "independent":
        first = run.order[0]
        np.testing.assert_array_equal(run.out[first], ran(image=stack[first]).labels())
    if carry != "joint":
        return
    for plane, found, before in zip(stack, run.out, plain.out, strict=True):
        np.testing.assert_array_equal(found, outlined(run.fit, before, plane))


def test_ids_stay_the_same_along_a_stack():
    stack = np.stack([np.roll(picture(k), 2 * k, axis=1) for k in range(4)])
    run = ss.over_stack(stack, ss.Consensus(outlines="image"), **HERE).finish()
    assert len({int(plane[19, 22 + 2 * k]) for k, plane in enumerate(run.out)}) == 1


def test_a_fit_is_applied_with_the_outlines_of_its_method():
    run = ran(EVERY[-1])
    other = picture(3)
    plain = dataclasses.replace(run.fit, method=run.method.replace(outlines="superpixels"))
    before, _ = ss.apply_fit(plain, other)
    found, made = ss.apply_fit(run.fit, other)
    np.testing.assert_array_equal(before, run.fit.predict(other))
    np.testing.assert_array_equal(found, outlined(run.fit, before, other))
    assert (found != before).any(), "test invalid"
    assert made["fitted"]["outlines"] == "image"
    stack = np.stack([other, picture(4)])
    np.testing.assert_array_equal(ss.apply_fit(run.fit, stack)[0][0], found)


@pytest.mark.parametrize("method", [QUICK, ss.Consensus(outlines="image")])
def test_tiles_are_refused_in_a_sentence(tmp_path, method):
    run = ran(method)
    with pytest.raises(ValueError, match=r'choose outlines="superpixels"'):
        ss.over_tiles(picture(), run.fit, tmp_path / "out.ome.zarr")
    assert not list(tmp_path.iterdir())
