"""SGSeg: which networks learn when and from what, and what a fit of it promises."""

from __future__ import annotations

import contextlib
from itertools import pairwise

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.methods._sgseg._patches import jittered, patches
from napari_selfseg.nets import Autoregressive
from napari_selfseg.protocol import Control, Inputs, Problem

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
SMALL = {
    "classes": 3,
    "width": 4,
    "n_superpixels": 6,
    "patch_size": 12,
    "batch_size": 2,
    "view_every": 1,
    "displacement": 2,
}
METHOD = ss.SGSeg(iterations=5, spnn_iterations=2, **SMALL)
SPNN_TERMS = {"clustering", "smoothness", "superpixels", "edges"}
CNN_TERMS = {"information", "reconstruction"}


@pytest.fixture(autouse=True)
def one_thread():
    """As small as this, work is slower in two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def picture(seed=0, shape=(20, 26)):
    """Two halves of other colours, with noise."""
    rng = np.random.default_rng(seed)
    image = np.full((*shape, 3), 60.0) + rng.normal(scale=12, size=(*shape, 3))
    image[:, shape[1] // 2 :] += [90, 20, 40]
    return np.clip(image, 0, 255).astype(np.uint8)


def steps(method=METHOD, image=None, **more):
    run = ss.evolve(picture() if image is None else image, method, channel_axis=-1, **QUICK, **more)
    return run, list(run)


def weights_by_step(method):
    """Weights of each network before each update, and after the last."""
    image = torch.from_numpy(picture() / 255.0).float().movedim(-1, 0)[None]
    inputs = Inputs(image, None, None, 0, None, torch.float32, Control())
    network = method.network(3, 2, torch.Generator().manual_seed(0))
    parts = {"spnn": network.spnn, "gnn": network.gnn, "cnn": network.cnn}
    found = []
    for _ in method.steps(network, inputs):
        found.append({name: flat(part) for name, part in parts.items()})
    return [*found, {name: flat(part) for name, part in parts.items()}]


def flat(part):
    return torch.cat([each.detach().flatten() for each in part.parameters()])


def moved(found, name):
    return [not torch.equal(one[name], after[name]) for one, after in pairwise(found)]


@pytest.mark.parametrize(
    ("scheme", "spnn", "others"),
    [
        ("pre-trained", [1, 1, 1, 1, 1], [0, 0, 1, 1, 1]),
        ("end-to-end", [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]),
        ("disjoint", [1, 1, 0, 0, 0], [0, 0, 1, 1, 1]),
    ],
)
def test_schemes_say_which_network_learns_when(scheme, spnn, others):
    found = weights_by_step(METHOD.replace(scheme=scheme))
    assert moved(found, "spnn") == list(map(bool, spnn))
    assert moved(found, "gnn") == moved(found, "cnn") == list(map(bool, others))


def test_terms_of_each_stage():
    _, found = steps()
    names = [set(step.losses) for step in found]
    everything = SPNN_TERMS | CNN_TERMS | {"variation"}
    assert names == [SPNN_TERMS, SPNN_TERMS, everything, everything, everything, set()]
    _, found = steps(METHOD.replace(scheme="disjoint"))
    assert set(found[3].losses) == CNN_TERMS | {"variation"}
    _, found = steps(METHOD.replace(backbone="none"))
    assert set(found[0].losses) == CNN_TERMS


@pytest.mark.parametrize(
    ("field", "term", "iteration"),
    [
        ("smoothness_weight", "smoothness", 0),
        ("reconstruction_weight", "superpixels", 0),
        ("edge_weight", "edges", 0),
        ("variation_weight", "variation", 0),
    ],
)
def test_weights_weigh_their_term(field, term, iteration):
    method = METHOD.replace(scheme="end-to-end", iterations=1)
    one, three = (
        steps(method.replace(**{field: weight}))[1][iteration].losses for weight in (1.0, 3.0)
    )
    assert float(one[term]) > 0
    for name, value in one.items():
        expected = float(value) * (3 if name == term else 1)
        assert float(three[name]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("field", "name"), [("spnn_rate", "spnn"), ("gnn_rate", "gnn"), ("cnn_rate", "cnn")]
)
def test_each_network_has_a_learning_rate_of_its_own(field, name):
    method = METHOD.replace(scheme="end-to-end", iterations=1)
    sizes = {}
    for rate in (1e-3, 1e-8):
        first, last = weights_by_step(method.replace(**{field: rate}))[-2:]
        sizes[rate] = {each: float((last[each] - first[each]).norm()) for each in first}
    assert sizes[1e-8][name] < 1e-3 * sizes[1e-3][name]
    assert all(sizes[1e-8][each] == sizes[1e-3][each] for each in sizes[1e-3] if each != name)


@contextlib.contextmanager
def orders_used():
    """Orders that the masked convolutions are called with."""
    used, forward = [], Autoregressive.forward

    def spied(self, x, order=None):
        used.append(order)
        return forward(self, x, order)

    Autoregressive.forward = spied
    try:
        yield used
    finally:
        Autoregressive.forward = forward


def test_two_orders_are_drawn_an_update_and_none_is_used_for_labels():
    method = METHOD.replace(backbone="none", iterations=12, view_every=1000)
    with orders_used() as used:
        run, _ = steps(method)
    pairs = [(used[k], used[k + 4]) for k in range(4, len(used) - 4, 8)]
    assert len(pairs) == 12
    assert all(None not in pair and one != other for pair in pairs for one, other in [pair])
    assert {order for pair in pairs for order in pair} == set(range(8))
    assert used[:4] == used[-4:] == [None] * 4
    with orders_used() as used:
        run.fit.predict(picture(), channel_axis=-1)
    assert used == [None] * 4


@pytest.mark.parametrize(
    "backbone",
    ["none", *(pytest.param(each, marks=pytest.mark.slow) for each in ("superpixels", "diffgcn"))],
)
def test_two_colours_become_two_classes(backbone):
    rates = {"spnn_rate": 0.01, "gnn_rate": 0.01, "cnn_rate": 0.01}
    size = {**SMALL, "classes": 2, "patch_size": 32, "view_every": 200}
    method = ss.SGSeg(backbone=backbone, iterations=100, spnn_iterations=10, **rates, **size)
    run, _ = steps(method, picture(shape=(32, 40)))
    left, right = np.split(run.labels(), 2, axis=1)
    shares = [np.bincount(half.ravel(), minlength=3)[1:] / half.size for half in (left, right)]
    assert {int(share.argmax()) for share in shares} == {0, 1}
    assert min(share.max() for share in shares) > 0.85


def test_labels_are_looked_at_every_so_often():
    method = METHOD.replace(backbone="none", iterations=7, view_every=3, cnn_rate=0.05)
    _, found = steps(method)
    votes = [step.votes for step in found]
    same = [bool((one == after).all()) for one, after in pairwise(votes)]
    assert same[:6] == [True, True, False, True, True, False]


def test_a_warm_start_has_its_superpixels_already():
    first, _ = steps()
    assert int(first.fit.weights["updates"]) == 2
    _, found = steps(start=first.fit)
    assert "information" in found[0].losses
    assert "information" not in steps()[1][0].losses, "test invalid"


@pytest.mark.parametrize("backbone", ["diffgcn", "none"])
def test_several_images_share_a_fit_that_labels_each(backbone):
    images = [picture(0), picture(1, (16, 30)), picture(2, (25, 14))]
    run, _ = steps(METHOD.replace(backbone=backbone), images)
    for k, image in enumerate(images):
        alone = run.fit.predict(image, channel_axis=-1, device="cpu", threads=1)
        # Sums in another order move what lies on the edge of two classes.
        assert (alone != run.labels(image=k)).mean() < 0.01


def test_four_channels_are_as_good_as_three():
    image = np.concatenate([picture(), picture(1)[..., :1]], axis=-1)
    run, _ = steps(image=image)
    assert run.fit.in_channels == 4
    assert run.labels().all()


def test_scribbles_are_learned():
    drawn = np.zeros((20, 26), int)
    drawn[5:15, 2:10], drawn[5:15, 16:24] = 3, 1
    method = METHOD.replace(
        backbone="none", iterations=60, scribble_weight=5.0, cnn_rate=0.01, view_every=100
    )
    run, found = steps(method, scribbles=drawn)
    labels = run.labels()
    assert (labels[drawn > 0] == drawn[drawn > 0]).mean() > 0.9
    assert float(found[0].losses["scribbles"]) > float(found[-2].losses["scribbles"])


def test_too_small_an_image_is_refused_and_a_small_one_is_not():
    with pytest.raises(ValueError, match="1 x 2 pixels is too small for SGSeg: it needs more"):
        steps(image=picture(shape=(1, 2)))
    run, _ = steps(image=picture(shape=(1, 3)))
    assert run.labels().shape == (1, 3)


def test_a_run_without_updates_for_the_classes_says_so():
    run, _ = steps(METHOD.replace(iterations=2))
    assert run.stop_reason == (
        "All 2 iterations trained SPNN: ask for more than 2 to learn classes."
    )
    run, _ = steps(METHOD.replace(iterations=2, backbone="none"))
    assert "trained SPNN" not in run.stop_reason


def test_volumes_are_refused():
    with pytest.raises(ValueError, match="has 3 spatial axes where"):
        ss.evolve(np.zeros((4, 5, 6)), METHOD)


def drawn_patches(image, valid=None, method=METHOD, scribbles=None):
    inputs = Inputs(image, valid, None, 0, scribbles, torch.float32, Control())
    return next(patches(method, inputs, torch.Generator().manual_seed(0)))


def test_patches_are_parts_of_the_image_in_units_of_its_spread():
    image = torch.from_numpy(picture() / 255.0).float().movedim(-1, 0)[None]
    x, colours, valid, scribbles = drawn_patches(image, method=METHOD.replace(jitter=0.0))
    assert x.shape == (2, 3, 12, 12)
    assert (valid, scribbles) == (None, None)
    windows = image[0].unfold(1, 12, 1).unfold(2, 12, 1).flatten(1, 2).movedim(1, 0)
    for patch in x:
        apart = torch.stack(
            [(windows - each).abs().amax((1, 2, 3)) for each in (patch, patch.flip(-1))]
        )
        assert apart.amin() < 1e-5
    mean, spread = image.mean((0, 2, 3)), image.std((0, 2, 3), correction=0)
    torch.testing.assert_close(
        colours, (x - mean[:, None, None]) / spread[:, None, None], rtol=1e-4, atol=1e-4
    )


def test_pixels_without_data_are_zero_and_do_not_count():
    image = torch.from_numpy(picture() / 255.0).float().movedim(-1, 0)[None]
    valid = torch.ones(1, 1, 20, 26, dtype=torch.bool)
    valid[..., :9] = False
    x, _, cropped, _ = drawn_patches(image * valid, valid)
    assert not x.masked_fill(cropped, 0).any()
    assert cropped.any()
    # Their units are those of the part with data.
    alone = drawn_patches(image[..., 9:], method=METHOD.replace(jitter=0.0)).colours
    found = drawn_patches(image * valid, valid, method=METHOD.replace(jitter=0.0)).colours
    assert found.masked_select(cropped).max() < 1.5 * alone.max()
    assert found.masked_select(~cropped).max() < alone.min()


def test_jitter_changes_brightness_and_contrast_up_to_its_share():
    x = torch.rand(50, 2, 6, 6, generator=torch.Generator().manual_seed(1))
    changed = jittered(x, 0.2, torch.Generator().manual_seed(0))
    contrast = changed.std((2, 3)) / x.std((2, 3))
    assert 0.8 <= contrast.min() < 0.85
    assert 1.15 < contrast.max() <= 1.2001
    brightness = (changed - 0.5 - contrast[..., None, None] * (x - 0.5)).mean((2, 3))
    assert 0.15 < brightness.abs().max() <= 0.2001
    torch.testing.assert_close(jittered(x, 0.0, torch.Generator()), x)


@pytest.mark.parametrize("name", ss.SGSeg.presets)
def test_presets_are_the_rows_of_table_12(name):
    method = ss.SGSeg(**ss.SGSeg.presets[name])
    assert method.width == 64
    assert method.edge_weight == (1.0 if "COCO" in name else 0.5)
    assert method.batch_size == (64 if "COCO" in name else 32)
    assert method.cnn_rate < method.gnn_rate


@pytest.mark.parametrize("backbone", ["none", "superpixels", "diffgcn"])
def test_flops_are_about_those_torch_counts(backbone):
    from torch.utils.flop_counter import FlopCounterMode

    method = ss.SGSeg(
        backbone=backbone,
        scheme="end-to-end",
        iterations=1,
        width=16,
        n_superpixels=20,
        neighbours=3,
        patch_size=32,
        batch_size=4,
    )
    network = method.network(3, 2, torch.Generator())
    x = torch.rand(1, 3, 32, 32)
    inputs = Inputs(x, None, None, 0, None, torch.bfloat16, Control())
    with FlopCounterMode(display=False) as counter:
        # Its counter knows convolution, not the kernel chosen for float32 on a processor.
        list(method.steps(network, inputs))
    once = method.replace(view_every=1).cost(Problem(3, 32 * 32, 2, itemsize=2)).flops
    # It takes the slopes of depth-wise weights for those of full ones.
    more = 0 if backbone == "none" else 3 * 2 * 9 * 128**2 * 4 * 32 * 32
    assert counter.get_total_flops() - more == pytest.approx(once, rel=0.1)
