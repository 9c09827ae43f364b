"""DIC against algorithm 1 written naively in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import napari_selfseg as ss
from napari_selfseg.protocol import Control, Inputs, Problem, Stop

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
METHOD = ss.DIC(iterations=5, n_clusters=7, n_centres=4, width=4)
ABLATED = METHOD.replace(without_dcs=True)
SHAPE = (13, 16)


def picture(seed=0, shape=SHAPE, channels=2):
    rng = np.random.default_rng(seed)
    steps = sum(axis // 5 for axis in np.indices(shape)) % 3
    return (steps + rng.normal(scale=0.3, size=(channels, *shape))).astype(np.float32)


def tiles(shape=SHAPE):
    rows = [axis // 3 for axis in np.indices(shape)]
    key = sum(100**k * row for k, row in enumerate(rows))
    return np.unique(key, return_inverse=True)[1].reshape(shape) + 1


def inputs(*images, valid=None, index=None, scribbles=None):
    """What a run of these images in double precision iterates on."""
    x = torch.from_numpy(np.stack(images))
    x = x if valid is None else x * valid
    index = torch.as_tensor(tiles(x.shape[2:])[None] if index is None else index)
    drawn = None if scribbles is None else torch.as_tensor(scribbles)
    return Inputs(x, valid, index, int(index.max()), drawn, torch.float64, Control())


class Reference(nn.Module):
    """Figures 2 and 3 in torch's own layers, for sizes even and odd, with and without a mask."""

    def __init__(self, method, weights, ndim):
        super().__init__()
        self.method, self.ndim = method, ndim
        # Autograd leaves of our own, in the order of the layers.
        self.weights = nn.ParameterDict(
            {
                name.replace(".", "/"): nn.Parameter(each.double().clone())
                for name, each in weights.items()
                if name.endswith(("weight", "gamma", "beta")) and not name.startswith("dcs")
            }
        )
        self.initial = weights["dcs.initial"].double() if "dcs.initial" in weights else None

    def weight(self, name):
        return self.weights[f"fts/{name}".replace(".", "/")]

    def block(self, name, x, valid):
        x = self.convolved(f"{name}.convolution", x)
        return F.relu(self.normed(f"{name}.normalisation", x, valid))

    def convolved(self, name, x):
        weight = self.weight(f"{name}.weight")
        convolve = F.conv2d if self.ndim == 2 else F.conv3d
        return convolve(x, weight, padding=weight.shape[-1] // 2)

    def normed(self, name, z, valid):
        pixels = z.movedim(1, -1)[valid[:, 0]]
        along = (1, -1) + (1,) * self.ndim
        mean, var = pixels.mean(0).view(along), pixels.var(0, correction=0).view(along)
        gamma, beta = (self.weight(f"{name}.{each}").view(along) for each in ("gamma", "beta"))
        return ((z - mean) / (var + 1e-5).sqrt() * gamma + beta) * valid

    def deconvolved(self, x):
        weight = self.weight("deconvolution.convolution.weight")
        weight = weight.view(*(2,) * self.ndim, -1, weight.shape[1]).movedim((-1, -2), (0, 1))
        return (F.conv_transpose2d if self.ndim == 2 else F.conv_transpose3d)(x, weight, stride=2)

    def features(self, x, valid):
        pool = F.max_pool2d if self.ndim == 2 else F.max_pool3d
        odd = [pad for n in reversed(x.shape[2:]) for pad in (0, n % 2)]
        skip = self.block("begin.1", self.block("begin.0", x, valid), valid)
        some = pool(F.pad(valid.double(), odd), 2) > 0
        below = pool(F.pad(skip, odd), 2)
        below = self.block("pooled.1", self.block("pooled.0", below, some), some)
        above = self.deconvolved(below)
        above = above[(..., *map(slice, x.shape[2:]))] * valid
        y = torch.cat([skip, above], dim=1)
        y = self.block("end.1", self.block("end.0", y, valid), valid)
        return self.normed("whitening", self.convolved("last", y), valid)

    def forward(self, x, valid):
        y = self.features(x, valid)
        if self.initial is None:
            return y
        pixels, counts = y.movedim(1, -1).flatten(0, -2), valid.flatten()[:, None]
        omega = self.initial
        for _ in range(self.method.rounds):
            kernel = (pixels @ omega.T).exp()
            h = kernel / kernel.sum(1, keepdim=True)
            omega = (h * counts).T @ pixels / (h * counts).sum(0)[:, None]
        return (h @ omega).view(y.movedim(1, -1).shape).movedim(-1, 1)


def voted(c, index):
    target = torch.full_like(c, -1)
    for k in range(1, int(index.max()) + 1):
        inside = index == k
        target[inside] = c[inside].bincount().argmax()
    return target


def reference(method, weights, data):
    """Algorithm 1: forward, vote, update; stop when few labels were seen before an update."""
    net, x = Reference(method, weights, data.x.ndim - 2), data.x.double()
    optimiser = torch.optim.SGD(net.parameters(), lr=method.learning_rate, momentum=method.momentum)
    valid = torch.ones_like(data.x[:, :1], dtype=bool) if data.valid is None else data.valid
    for _ in range(method.iterations):
        upsilon = net(x, valid)
        delta = upsilon.argmax(dim=1)
        seen = set(delta[valid[:, 0]].unique().tolist())
        target = torch.where(valid[:, 0], voted(delta, data.index), -1)
        shown, losses = target + 1, {}
        if data.scribbles is not None:
            target = torch.where(data.scribbles >= 0, -1, target)
            drawn = F.cross_entropy(upsilon, data.scribbles, ignore_index=-1)
            losses["scribbles"] = method.scribble_weight * drawn
        losses["refinement"] = F.cross_entropy(upsilon, target, ignore_index=-1)
        yield shown, {name: float(each.detach()) for name, each in losses.items()}, len(seen)
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
        drawn = set() if data.scribbles is None else set(data.scribbles.unique().tolist()) - {-1}
        if seen == drawn or (not drawn and len(seen) <= method.min_labels):
            return


def ours(method, data):
    """Run the generator by itself; return the weights it began with, the steps, the reason."""
    generator = torch.Generator().manual_seed(method.seed)
    network = method.network(data.x.shape[1], data.x.ndim - 2, generator).double()
    begin = {name: each.clone() for name, each in network.state_dict().items()}
    steps, loop = [], method.steps(network, data)
    while True:
        try:
            steps.append(next(loop))
        except StopIteration as end:
            return begin, steps, end.value


def assert_same(method, data, least_steps=4):
    begin, steps, stop = ours(method, data)
    expected = list(reference(method, begin, data))
    assert len(steps) >= least_steps, "test invalid"
    assert len(expected) == 1 or (expected[0][0] != expected[-1][0]).any(), "test invalid"
    for step, (shown, losses, n_labels) in zip(steps, expected, strict=True):
        assert torch.equal(step.votes[data.index].long(), shown)
        assert step.n_raw_labels == n_labels
        assert {name: float(each) for name, each in step.losses.items()} == pytest.approx(
            losses, rel=1e-7
        )
    return stop


@pytest.mark.parametrize("method", [METHOD, ABLATED], ids=["dcs", "without"])
def test_planes(method):
    assert assert_same(method, inputs(picture())) is None


@pytest.mark.parametrize(
    "values",
    [
        {"rounds": 1},
        {"n_centres": 9, "n_clusters": 5, "width": 3},
        {"learning_rate": 0.2, "momentum": 0.5},
    ],
    ids=lambda values: "-".join(values),
)
def test_rounds_sizes_rate_and_momentum(values):
    assert_same(METHOD.replace(**values), inputs(picture(seed=1)))


def test_volumes():
    assert_same(METHOD, inputs(picture(shape=(5, 7, 6))))


@pytest.mark.parametrize("method", [METHOD, ABLATED], ids=["dcs", "without"])
def test_pixels_without_data_count_nowhere(method):
    valid = torch.ones(1, 1, *SHAPE, dtype=torch.bool)
    valid[..., 5:9] = False
    valid[0, 0, 0, 0] = False
    index = torch.where(valid[:, 0], torch.as_tensor(tiles()), 0)
    index = index.unique(return_inverse=True)[1]
    assert_same(method, inputs(picture(), valid=valid, index=index))


def test_several_images_are_one_batch():
    index = np.stack([tiles(), tiles() + tiles().max()])
    assert_same(METHOD, inputs(picture(0), picture(1), index=index))


def test_scribbles():
    drawn = np.full((1, *SHAPE), -1)
    drawn[0, :3, :3], drawn[0, 9:, 9] = 5, 2
    assert_same(METHOD.replace(scribble_weight=0.8), inputs(picture(), scribbles=drawn))


@pytest.mark.parametrize("min_labels", [3, 4])
def test_min_labels_stops_one_update_after_they_were_seen(min_labels):
    method = METHOD.replace(iterations=40, min_labels=min_labels)
    data = inputs(picture())
    stop = assert_same(method, data, least_steps=1)
    _, steps, _ = ours(method, inputs(picture()))
    assert isinstance(stop, Stop), "test invalid"
    assert stop.kind == "min_labels"
    assert data.control.done == len(steps)
    assert steps[-1].n_raw_labels <= min_labels
    assert all(step.n_raw_labels > min_labels for step in steps[:-1])
    assert stop.sentence == (
        f"Only {steps[-1].n_raw_labels} labels left before the vote after {len(steps)} iterations "
        f"(it stops when {min_labels} are left)."
    )


def test_a_collapse_to_one_label_ends_the_run_and_is_said():
    # Steps far too large: one label wins all.
    method = METHOD.replace(iterations=60, learning_rate=8.0, momentum=0.99)
    run = ss.segment(picture(), method, channel_axis=0, superpixels=tiles(), **QUICK)
    assert run.stopped.kind == "min_labels"
    assert run.iteration < 60
    assert run.stop_reason == (
        f"All pixels have the same label after {run.iteration} iterations: the labels collapsed. "
        "Try another seed, or a smaller learning rate."
    )
    assert run.labels().min() >= 1
    assert len(np.unique(run.labels(run.iteration - 1))) == 1
    again = ss.replay(run.record(), picture())
    np.testing.assert_array_equal(again, run.labels())


def test_few_labels_in_the_very_last_iteration_is_a_finished_run():
    _, steps, stop = ours(METHOD.replace(min_labels=7, iterations=1), inputs(picture()))
    assert (len(steps), stop) == (1, None)


def test_with_scribbles_it_stops_when_those_classes_are_left_and_no_others():
    image = picture(channels=1)
    drawn = np.full((1, *SHAPE), -1)
    drawn[0][image[0] < 0.4], drawn[0][image[0] > 1.6] = 4, 2
    method = METHOD.replace(iterations=60, min_labels=7, scribble_weight=5, learning_rate=0.1)
    _, steps, stop = ours(method, inputs(image, scribbles=drawn))
    assert 1 < len(steps) < 60, "test invalid"
    assert stop.sentence.startswith("Only the 2 scribbled labels left before the vote after ")
    assert set(steps[-1].votes.unique().tolist()) == {0, 3, 5}, "label 3 is class 2"


@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (1, 2, 2)])
def test_an_image_that_pools_to_one_pixel_is_refused(shape):
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    with pytest.raises(ValueError, match="too small for DIC"):
        ss.segment(image, METHOD, superpixels=np.ones(shape, int), **QUICK)
    larger = np.pad(image, [(0, 3)] * len(shape))
    ss.segment(larger, METHOD, superpixels=np.ones(larger.shape, int), **QUICK)


def test_a_constant_image_is_refused():
    with pytest.raises(ValueError, match="constant"):
        ss.segment(np.ones(SHAPE), METHOD, **QUICK)


def test_float32_follows_double():
    run = ss.segment(picture(), METHOD, channel_axis=0, superpixels=tiles(), **QUICK)
    _, steps, _ = ours(METHOD, inputs(run.fit.scaling(picture())))
    for step in steps:
        labels = step.votes[tiles()].numpy()
        assert (run.labels(step.iteration) == labels).mean() > 0.95
        assert run.losses["refinement"][step.iteration] == pytest.approx(step.loss, rel=1e-2)


def test_bfloat16_trains_and_closes_in_float32():
    options = {**QUICK, "precision": "bfloat16"}
    run = ss.segment(picture(), METHOD, channel_axis=0, superpixels=tiles(), **options)
    losses = list(run.losses["refinement"].values())
    assert losses[-1] < losses[0]
    assert all(each.dtype == torch.float32 for each in run.fit.weights.values())
    found = run.fit.predict(picture(), channel_axis=0, superpixels=run.superpixels[0], **HERE)
    np.testing.assert_array_equal(found, run.labels())


def test_the_loss_falls_and_labels_keep_to_one_half():
    method = METHOD.replace(iterations=20, width=16, n_clusters=20, n_centres=8)
    right = np.add.outer(np.zeros(24, int), np.arange(30) // 15) > 0
    noise = np.random.default_rng(0).normal(scale=0.05, size=right.shape)
    run = ss.segment(right * 0.6 + noise, method, superpixels=tiles(right.shape), **QUICK)
    losses = list(run.losses["refinement"].values())
    assert losses[-1] < 0.2 * losses[0]
    labels = run.labels()
    assert 2 <= len(np.unique(labels)) < len(np.unique(run.labels(0)))
    shares = np.array([right[labels == each].mean() for each in np.unique(labels)])
    assert shares.max() > 0.9
    assert shares.min() < 0.1


def test_a_warm_start_goes_on_from_the_fit():
    image, options = picture(), {"channel_axis": 0, "superpixels": tiles(), **QUICK}
    first = ss.segment(image, METHOD, **options)
    again = next(ss.evolve(image, METHOD, start=first.fit, **options))
    assert (first.labels() == again.votes[tiles()].numpy()).mean() > 0.95
    assert (first.labels() != first.labels(0)).any(), "test invalid"


def test_untrained_network_is_drawn_from_the_seed():
    first, same, other = (
        METHOD.network(3, 2, torch.Generator().manual_seed(seed)).state_dict() for seed in (0, 0, 1)
    )
    for name, each in first.items():
        assert torch.equal(each, same[name])
        if each.ndim > 1:
            assert not torch.equal(each, other[name])


def test_flops_are_those_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    for method in (METHOD, ABLATED):
        network = method.network(2, 2, torch.Generator().manual_seed(0))
        x = torch.rand(1, 2, 16, 16)
        with FlopCounterMode(display=False) as counter:
            # Its counter knows convolution, not the kernel chosen for float32 on a processor.
            network(x.bfloat16()).sum().backward()
        assert method.cost(Problem(2, 256, 2)).flops == counter.get_total_flops()


def test_defaults_of_the_paper():
    method = ss.DIC()
    assert (method.iterations, method.rounds, method.width) == (100, 3, 64)
    assert (method.n_clusters, method.n_centres, method.without_dcs) == (100, 32, False)
    assert (method.learning_rate, method.momentum) == (0.05, 0.9)
    assert method.n_classes == method.n_clusters
    assert (method.reach, method.stride) == (9, 2)
    assert method.default_superpixels() == ss.Felzenszwalb()


def test_settings_of_the_paper_are_presets():
    pairs = [(20, 16), (50, 32), (90, 32), (120, 32), (160, 64), (200, 64), (300, 64)]
    chosen = [METHOD.replace(**preset) for preset in ss.DIC.presets.values()]
    assert [(method.n_clusters, method.n_centres) for method in chosen] == pairs
    assert next(iter(ss.DIC.presets)) == "Paper, C = 20, M = 16"
