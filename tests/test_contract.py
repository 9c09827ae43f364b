"""What every method promises; a method is under test the moment it is in the catalogue."""

from __future__ import annotations

import json
import pickle
import random

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.catalogue import METHODS
from napari_selfseg.parameters import restore

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
SGSEG = {
    "iterations": 4,
    "spnn_iterations": 2,
    "view_every": 1,
    "width": 4,
    "n_superpixels": 8,
    "patch_size": 16,
    "batch_size": 2,
}
# Small enough for a test, and the variants that run other code.
SETTINGS = {
    "consensus": [
        {"networks": "both", "iterations": 4, "channels": 6, "every": 1},
        {
            "iterations": 4,
            "channels": 6,
            "every": 3,
            "networks": "superpixels",
            "classical": False,
            "granularity": 0.6,
        },
    ],
    "objects": [{"iterations": 22}],
    "backprop": [
        {"iterations": 4, "channels": 8, "min_labels": 1},
        {"iterations": 4, "channels": 8, "min_labels": 1, "variant": "continuity"},
    ],
    "dic": [{"iterations": 4, "n_clusters": 12, "n_centres": 8, "width": 8}],
    "dsc": [
        {"iterations": 4, "autoencoder_iterations": 2, "width": 8, "crop_size": 12},
    ],
    "deepcut": [
        {"iterations": 4, "n_clusters": 4},
        {
            "iterations": 4,
            "n_clusters": 4,
            "loss": "ncut",
            "features": "responses",
            "feature_iterations": 2,
            "initialised": False,
        },
        {
            "iterations": 4,
            "n_clusters": 3,
            "features": "autoencoder",
            "feature_iterations": 1,
            "foreground_iterations": 2,
            "affinity": "product",
            "initialised": False,
        },
    ],
    "sgseg": [
        {**SGSEG, "backbone": backbone, "scheme": scheme}
        for backbone, scheme in (
            ("diffgcn", "pre-trained"),
            ("superpixels", "disjoint"),
            ("none", "end-to-end"),
        )
    ],
}
CASES = [
    pytest.param(
        cls(**values), id="-".join([cls.name, *filter(str.isalpha, map(str, values.values()))])
    )
    for cls in METHODS
    for values in SETTINGS.get(cls.name, [{"iterations": 4}])
]
SHAPES = {2: (24, 32), 3: (6, 10, 12)}
every_class = pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.name)
every_method = pytest.mark.parametrize("method", CASES)


def picture(ndim=2, channels=None, seed=0):
    """Blocks of three levels with noise; channels last."""
    shape, rng = SHAPES[ndim], np.random.default_rng(seed)
    blocks = sum(axis // 6 for axis in np.indices(shape)) % 3
    values = [np.roll(blocks, c, axis=0) for c in range(channels or 1)]
    image = np.stack(values, axis=-1) + rng.normal(scale=0.3, size=(*shape, channels or 1))
    return (image if channels else image[..., 0]).astype(np.float32)


def spots(ndim=2, channels=None, seed=0):
    """Bright discs or balls on a noisy background; channels last."""
    shape, rng = SHAPES[ndim], np.random.default_rng(seed)
    middles, radius = (
        ([(6, 7), (7, 18), (15, 9), (17, 23)], 3.6)
        if ndim == 2
        else (
            [(2.5, 4, 3), (3, 5, 8.5)],
            2.3,
        )
    )
    inside = np.zeros(shape, bool)
    for middle in middles:
        away = [(axis - at) ** 2 for axis, at in zip(np.indices(shape), middle, strict=True)]
        inside |= sum(away) <= radius**2
    levels = np.stack([inside * (2.0 + c % 2) for c in range(channels or 1)], axis=-1)
    image = levels + rng.normal(scale=0.1, size=levels.shape)
    return (image if channels else image[..., 0]).astype(np.float32)


def seen_by(method, ndim, channels=None):
    return (spots if method.instances else picture)(ndim, channels)


def labelled(method, labels):
    """Every pixel has a label, but for the background of objects."""
    return 0 < np.count_nonzero(labels) < labels.size if method.instances else labels.all()


def as_bytes(image):
    return np.clip(image * 80 + 50, 0, 255).astype(np.uint8)


def options(method, **more):
    """Few superpixels, where the method uses any: else each pixel would be one."""
    uses = method.default_superpixels() is not None
    return {**QUICK, **({"superpixels": ss.Slic(n_segments=40)} if uses else {}), **more}


def planes_or_volumes(method):
    return seen_by(method, method.ndims[0])


def segmented(method, image=None, **more):
    image = planes_or_volumes(method) if image is None else image
    return ss.segment(image, method, **options(method, **more))


def generators():
    return (
        torch.get_rng_state().tolist(),
        [part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],  # noqa: NPY002
        random.getstate(),
    )


@every_class
def test_declaration(cls):
    assert cls.name.isidentifier()
    assert cls.name == cls.name.lower()
    assert cls.title
    assert str(cls.citation)
    assert cls.doi.startswith("10.")
    assert set(cls.ndims) <= {2, 3}
    assert cls.stride >= 1
    names = [each.name for each in cls.declared()]
    assert names[:2] == ["iterations", "seed"]
    assert len(names) == len(set(names))
    default = cls()
    for each in cls.declared():
        assert each.help[0].isupper()
        assert each.help.endswith(".")
        assert each.type in (int, float, bool, str)
        assert type(each.default) is each.type
        assert getattr(default, each.name) == each.default
        assert each.minimum is None or each.minimum <= each.default
        assert each.maximum is None or each.default <= each.maximum
        # Kinds are called as a person likes.
        assert (each.type is str) == bool(each.choices or each.path or each.name == "kinds")
        assert not each.choices or each.default in each.choices


@every_method
def test_values_survive_dict_json_and_pickle(method):
    values = json.loads(json.dumps(method.as_dict()))
    assert restore(values, METHODS, "method") == method
    assert pickle.loads(pickle.dumps(method)) == method


@every_method
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("channels", [None, 3, 5])
def test_planes_and_volumes_with_any_channels(method, ndim, channels):
    image = seen_by(method, ndim, channels)
    axis = None if channels is None else -1
    if ndim not in method.ndims:
        with pytest.raises(ValueError, match=rf"has {ndim} spatial axes where"):
            ss.evolve(image, method, channel_axis=axis, **options(method))
        return
    run = segmented(method, image, channel_axis=axis)
    labels = run.labels()
    assert labels.shape == SHAPES[ndim]
    assert labels.dtype in (np.uint8, np.uint16)
    assert labelled(method, labels)
    assert labels.max() <= method.n_classes
    assert len(np.unique(labels)) > 1
    assert (run.fit.in_channels, run.fit.ndim) == (channels or 1, ndim)


@every_method
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers(method, dtype):
    image = as_bytes(planes_or_volumes(method)).astype(dtype)
    assert labelled(method, segmented(method, image).labels())


@every_method
def test_same_seed_same_labels_twice_in_one_process(method):
    first, again = segmented(method), segmented(method)
    assert first.iterations == again.iterations
    for t in first.iterations:
        np.testing.assert_array_equal(first.labels(t), again.labels(t))
    assert first.losses == again.losses
    assert first.stopped == again.stopped


@every_method
def test_another_seed_another_start(method):
    first, other = segmented(method), segmented(method.replace(seed=1))
    assert any((first.labels(t) != other.labels(t)).any() for t in first.iterations)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@every_method
def test_a_caller_without_gradients_gets_the_same_labels(method, mode):
    with mode():
        found = segmented(method).labels()
        assert not torch.is_grad_enabled()
    np.testing.assert_array_equal(found, segmented(method).labels())


@every_method
def test_global_generators_are_neither_used_nor_changed(method):
    before = generators()
    expected = segmented(method).labels()
    assert generators() == before
    torch.manual_seed(123)
    random.seed(123)
    np.random.seed(123)  # noqa: NPY002
    np.testing.assert_array_equal(segmented(method).labels(), expected)


@every_method
def test_what_was_yielded_is_never_written_again(method):
    run = ss.evolve(planes_or_volumes(method), method, **options(method))
    kept = []
    for step in run:
        now = (step.votes.clone(), step.raw_labels.clone(), run.labels())
        losses = {name: each.clone() for name, each in step.losses.items()}
        kept.append((step, now, losses, run.labels()))
    assert len(kept) > 2, "test invalid"
    for step, (votes, raw_labels, labels), losses, shown in kept:
        assert torch.equal(step.votes, votes)
        assert torch.equal(step.raw_labels, raw_labels)
        assert all(torch.equal(step.losses[name], each) for name, each in losses.items())
        assert not any(each.requires_grad for each in step.losses.values())
        np.testing.assert_array_equal(shown, labels)
        np.testing.assert_array_equal(run.project(step.votes), labels)


@every_method
def test_the_image_is_left_alone(method):
    image = planes_or_volumes(method)
    before = image.copy()
    segmented(method, image)
    np.testing.assert_array_equal(image, before)


@every_method
def test_stopping_at_any_iteration_keeps_a_valid_run(method):
    image = planes_or_volumes(method)
    for t in range(method.iterations + 1):
        run = ss.evolve(image, method, **options(method))
        for step in run:
            if step.iteration == t:
                run.stop()
        assert run.stop_reason.endswith(".")
        assert run.iterations == tuple(range(t + 1))
        assert all(labelled(method, run.labels(each)) for each in run.iterations)
        if t:
            shorter = segmented(method.replace(iterations=t))
            np.testing.assert_array_equal(run.labels(), shorter.labels())
        superpixels = run.superpixels and run.superpixels[0]
        again = run.fit.predict(image, superpixels=superpixels, **HERE)
        np.testing.assert_array_equal(again, run.labels())


@every_method
@pytest.mark.parametrize("masked", [False, True])
def test_prediction_is_the_runs_labels_before_and_after_the_vote(method, masked, monkeypatch):
    before_the_vote = []
    freeze = type(method).freeze

    def spied(self, network, inputs):
        raw = freeze(self, network, inputs)
        before_the_vote.append(raw[0].numpy() + 1)
        return raw

    monkeypatch.setattr(type(method), "freeze", spied)
    image = planes_or_volumes(method)
    mask = np.ones(image.shape, bool)
    mask[..., 4:9] = not masked
    run = segmented(method, image, mask=mask)
    (raw,) = before_the_vote
    regional = method.segments or method.classifies_regions
    given = {"superpixels": run.superpixels[0]} if regional else {}
    found = run.fit.predict(image, mask=mask, **given, **HERE)
    np.testing.assert_array_equal(found, np.where(mask, raw, 0))
    if run.superpixels and not regional:
        assert (found != run.labels()).any(), "test invalid"
        found = run.fit.predict(image, mask=mask, superpixels=run.superpixels[0], **HERE)
    np.testing.assert_array_equal(found, run.labels())


@every_method
@pytest.mark.parametrize("axis", [0, -1])
def test_two_halves_with_a_halo_are_the_whole(method, axis):
    image = planes_or_volumes(method)
    fit = segmented(method, image).fit
    if fit.reach is None:
        pytest.skip("the whole image matters to every pixel")
    assert fit.reach < image.shape[axis] // 2, "test invalid"
    middle = image.shape[axis] // 2 // fit.stride * fit.stride
    halo = -(-fit.reach // fit.stride) * fit.stride
    cut = [slice(None)] * image.ndim
    halves = []
    for start, stop, low, high in (
        (0, middle, 0, middle + halo),
        (middle, image.shape[axis], middle - halo, image.shape[axis]),
    ):
        cut[axis] = slice(low, high)
        tile = fit.predict(image[tuple(cut)], **HERE)
        cut[axis] = slice(start - low, stop - low)
        halves.append(tile[tuple(cut)])
    whole = fit.predict(image, **HERE)
    np.testing.assert_array_equal(np.concatenate(halves, axis=axis), whole)


@every_method
@pytest.mark.parametrize("shown", [None, 1])
@pytest.mark.parametrize("stop_at", [None, 0, 2])
def test_record_replays_to_the_same_labels(method, shown, stop_at):
    if stop_at == 0 and shown:
        pytest.skip("that iteration was never reached")
    image = planes_or_volumes(method)
    run = ss.evolve(image, method, **options(method, spacing=(2.0,) * image.ndim))
    if stop_at == 0:
        run.stop()
    for step in run:
        if step.iteration == stop_at:
            run.stop()
    written = record.loads(record.dumps(run.record(shown)))
    np.testing.assert_array_equal(ss.replay(written, image), run.labels(shown))


@every_method
def test_record_with_arrays_inside_replays(method):
    image = planes_or_volumes(method)
    mask, drawn = np.ones(image.shape, bool), np.zeros(image.shape, int)
    mask[..., :3] = False
    drawn[..., 5:8, 5:8] = 2
    more = {"mask": mask, "scribbles": drawn}
    if method.default_superpixels() is not None:
        more["superpixels"] = (
            np.add.outer(
                sum(100 * (axis // 3) for axis in np.indices(image.shape[:-1])),
                np.arange(image.shape[-1]) // 3,
            )
            + 1
        )
    run = segmented(method, image, **more)
    written = record.loads(record.dumps(run.record()))
    np.testing.assert_array_equal(ss.replay(written, image), run.labels())
