"""Backprop against the public algorithm, written naively in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import napari_selfseg as ss
from napari_selfseg.protocol import Control, Inputs, Stop

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
VOTED = ss.Backprop(iterations=6, channels=7, min_labels=1)
PIXELS = VOTED.replace(variant="continuity")
SHAPE = (14, 17)


def picture(seed=0, shape=SHAPE, channels=2):
    rng = np.random.default_rng(seed)
    steps = sum(axis // 5 for axis in np.indices(shape)) % 3
    return (steps + rng.normal(scale=0.3, size=(channels, *shape))).astype(np.float32)


def tiles(shape=SHAPE):
    rows = [axis // 3 for axis in np.indices(shape)]
    return (
        np.unique(sum(100**k * row for k, row in enumerate(rows)), return_inverse=True)[1].reshape(
            shape
        )
        + 1
    )


def inputs(*images, valid=None, index=None, scribbles=None):
    """What a run of these images in double precision iterates on."""
    x = torch.from_numpy(np.stack(images))
    x = x if valid is None else x * valid
    numbers = [None if each is None else torch.as_tensor(each) for each in (index, scribbles)]
    n = 0 if index is None else int(numbers[0].max())
    return Inputs(x, valid, numbers[0], n, numbers[1], torch.float64, Control())


class Reference(nn.Module):
    """[convolution, ReLU, batch norm] x M, 1x1 convolution, batch norm, as in section 2.1."""

    def __init__(self, ours, ndim):
        super().__init__()
        convolution, norm = {2: (nn.Conv2d, nn.BatchNorm2d), 3: (nn.Conv3d, nn.BatchNorm3d)}[ndim]
        self.blocks = nn.ModuleList()
        for conv, bn in zip(ours.convolutions, ours.normalisations, strict=True):
            out, into = conv.weight.shape[:2]
            block = nn.ModuleList([convolution(into, out, 3, padding=1), norm(out)])
            block[0].load_state_dict({"weight": conv.weight, "bias": conv.bias})
            self.blocks.append(self.copied(block, bn))
        q, p = ours.classifier.weight.shape[:2]
        self.last = nn.ModuleList([convolution(p, q, 1, bias=False), norm(q)])
        self.last[0].load_state_dict({"weight": ours.classifier.weight})
        self.copied(self.last, ours.whitening)
        self.double()

    @staticmethod
    def copied(block, bn):
        block[1].load_state_dict({"weight": bn.gamma, "bias": bn.beta}, strict=False)
        return block

    def forward(self, x, valid):
        for convolution, norm in self.blocks:
            x = self.normed(norm, F.relu(convolution(x)), valid)
        return self.normed(self.last[1], self.last[0](x), valid)

    @staticmethod
    def normed(norm, z, valid):
        if valid is None:
            return norm(z)
        pixels = z.movedim(1, -1)[valid[:, 0]]
        along = (1, -1) + (1,) * (z.ndim - 2)
        mean, var = pixels.mean(0).view(along), pixels.var(0, correction=0).view(along)
        y = (z - mean) / (var + norm.eps).sqrt() * norm.weight.view(along)
        return (y + norm.bias.view(along)) * valid


def voted(c, index):
    target = torch.full_like(c, -1)
    for k in range(1, int(index.max()) + 1):
        inside = index == k
        target[inside] = c[inside].bincount().argmax()
    return target


def smoothness(y, valid):
    total = 0
    for axis in range(2, y.ndim):
        difference = y.diff(dim=axis).abs()
        if valid is None:
            total = total + difference.mean()
        else:
            n = y.shape[axis] - 1
            both = valid.narrow(axis, 0, n) & valid.narrow(axis, 1, n)
            total = total + difference[both.expand_as(difference)].mean()
    return total


def reference(method, network, data):
    """Algorithm 1 as in the public code: update, then stop when few labels were seen before it."""
    net, x = Reference(network, data.x.ndim - 2), data.x.double()
    optimiser = torch.optim.SGD(net.parameters(), lr=method.learning_rate, momentum=method.momentum)
    valid = torch.ones_like(data.x[:, :1], dtype=bool) if data.valid is None else data.valid
    for _ in range(method.iterations):
        y = net(x, data.valid)
        c = y.argmax(dim=1)
        n_labels = len(c[valid[:, 0]].unique())
        target = c if data.index is None else voted(c, data.index)
        target = torch.where(valid[:, 0], target, -1)
        shown = target + 1
        losses = {}
        if data.scribbles is not None:
            target = torch.where(data.scribbles >= 0, -1, target)
            drawn = F.cross_entropy(y, data.scribbles, ignore_index=-1)
            losses["scribbles"] = method.scribble_weight * drawn
        losses["similarity"] = F.cross_entropy(y, target, ignore_index=-1)
        if method.variant == "continuity":
            mu = method.continuity_weight * (n_labels / 15 if method.adaptive else 1)
            losses["continuity"] = mu * smoothness(y, data.valid)
        yield shown, {name: float(each.detach()) for name, each in losses.items()}, n_labels
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
        if data.scribbles is None and n_labels <= method.min_labels:
            return
        # Ours, not the public code's: it stops at so many labels, whichever they are.
        drawn = set() if data.scribbles is None else set(data.scribbles.unique().tolist()) - {-1}
        if drawn and set(c[valid[:, 0]].unique().tolist()) == drawn:
            return


def ours(method, data):
    """Run the generator by itself; return the network as it began, the steps, the reason."""
    generator = torch.Generator().manual_seed(method.seed)
    network = method.network(data.x.shape[1], data.x.ndim - 2, generator).double()
    begin = method.network(data.x.shape[1], data.x.ndim - 2, generator.manual_seed(method.seed))
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
        labels = step.votes if data.index is None else step.votes[data.index]
        assert torch.equal(labels.long(), shown)
        assert step.n_raw_labels == n_labels
        assert {name: float(each) for name, each in step.losses.items()} == pytest.approx(
            losses, rel=1e-7
        )
    return stop


def test_superpixels_variant():
    assert_same(VOTED, inputs(picture(), index=tiles()[None]))


def test_continuity_variant():
    assert_same(PIXELS.replace(continuity_weight=2.5), inputs(picture()))


def test_adaptive_weight():
    assert_same(PIXELS.replace(adaptive=True, continuity_weight=3), inputs(picture()))


@pytest.mark.parametrize("depth", [1, 3])
def test_depth_rate_and_momentum(depth):
    method = VOTED.replace(depth=depth, learning_rate=0.03, momentum=0.5)
    assert_same(method, inputs(picture(), index=tiles()[None]))


@pytest.mark.parametrize("method", [VOTED, PIXELS])
def test_volumes(method):
    shape = (5, 7, 6)
    index = tiles(shape)[None] if method is VOTED else None
    assert_same(method, inputs(picture(shape=shape), index=index))


@pytest.mark.parametrize("method", [VOTED, PIXELS])
def test_pixels_without_data_count_nowhere(method):
    valid = torch.ones(1, 1, *SHAPE, dtype=torch.bool)
    valid[..., 5:9] = False
    valid[0, 0, 0, 0] = False
    index = None if method is PIXELS else torch.where(valid[:, 0], torch.as_tensor(tiles()), 0)
    if index is not None:
        _, inverse = index.unique(return_inverse=True)
        index = inverse
    assert_same(method, inputs(picture(), valid=valid, index=index))


@pytest.mark.parametrize("method", [VOTED, PIXELS])
def test_several_images_are_one_batch(method):
    index = None if method is PIXELS else np.stack([tiles(), tiles() + tiles().max()])
    assert_same(method, inputs(picture(0), picture(1), index=index))


@pytest.mark.parametrize("method", [VOTED, PIXELS])
def test_scribbles(method):
    drawn = np.full((1, *SHAPE), -1)
    drawn[0, :3, :3], drawn[0, 9:, 9] = 5, 2
    index = None if method is PIXELS else tiles()[None]
    method = method.replace(scribble_weight=0.8)
    assert_same(method, inputs(picture(), index=index, scribbles=drawn))


@pytest.mark.parametrize(
    ("method", "min_labels"),
    [
        (VOTED, 5),
        (VOTED, 6),
        *((PIXELS.replace(continuity_weight=4), n) for n in (3, 4, 5, 6)),
    ],
)
def test_min_labels_stops_after_as_many_updates_as_the_public_code(method, min_labels):
    method = method.replace(iterations=40, min_labels=min_labels)
    data = inputs(picture(), index=None if method.variant == "continuity" else tiles()[None])
    stop = assert_same(method, data, least_steps=1)
    assert isinstance(stop, Stop), "test invalid"
    assert stop.kind == "min_labels"
    begin, steps, _ = ours(method, inputs(picture(), index=data.index))
    assert data.control.done == len(steps) == len(list(reference(method, begin, data)))
    assert steps[-1].n_raw_labels <= min_labels
    assert all(step.n_raw_labels > min_labels for step in steps[:-1])
    assert f"after {len(steps)} iterations (it stops when {min_labels} are left)" in stop.sentence
    assert stop.sentence.startswith(f"Only {steps[-1].n_raw_labels} label")


def test_few_labels_in_the_very_last_iteration_is_a_finished_run():
    method = PIXELS.replace(min_labels=7, iterations=1)
    _, steps, stop = ours(method, inputs(picture()))
    assert len(steps) == 1
    assert stop is None


def test_with_scribbles_it_stops_when_those_classes_are_left_and_no_others():
    method = PIXELS.replace(min_labels=7, iterations=60)
    image = picture(channels=1)
    drawn = np.full((1, *SHAPE), -1)
    drawn[0, :7][image[0, :7] < 0.4], drawn[0, :7][image[0, :7] > 1.6] = 4, 2
    _, steps, stop = ours(method, inputs(image))
    assert (len(steps), stop.kind) == (1, "min_labels")
    _, steps, stop = ours(method, inputs(image, scribbles=drawn))
    assert 1 < len(steps) < 60, "test invalid"
    assert stop.sentence.startswith("Only the 2 scribbled labels left before the vote after ")
    present = [set(step.votes.unique().tolist()) - {0} for step in steps]
    assert present[-1] == {3, 5}, "label 3 is class 2"
    assert {3, 5} not in present[:-1]


def test_another_label_in_place_of_a_drawn_one_does_not_end_the_run():
    """As many labels as were drawn, but not those: the public code would stop."""
    noise = np.random.default_rng(0).integers(0, 255, (48, 64)) // 4
    image = ((np.indices(noise.shape)[1] > 31) * 160 + noise).astype(np.uint8)
    drawn = np.zeros(image.shape, int)
    drawn[8:13, 8:13], drawn[28:33, 48:53] = 1, 2
    method = ss.Backprop(iterations=20, channels=8)
    superpixels = ss.Slic(n_segments=100)(image[..., None] / np.float32(255))
    # The network's own labels: a run puts the strokes into every one of them.
    data = inputs(image[None] / 255, index=superpixels[None], scribbles=drawn[None] - 1)
    _, steps, stop = ours(method, data)
    left = [set(step.votes[1:].unique().tolist()) for step in steps]
    assert any(len(each) == 2 and each != {1, 2} for each in left), "test invalid"
    assert stop is None


def test_scribbles_make_the_classes_the_user_wants():
    image = picture(channels=1)[0]
    drawn = np.zeros(SHAPE, int)
    dark, bright = image < 0.4, image > 1.6
    drawn[:7][dark[:7]], drawn[:7][bright[:7]] = 6, 2
    method = PIXELS.replace(iterations=40, channels=8, scribble_weight=5)
    labels = ss.segment(image, method, scribbles=drawn, **QUICK).labels()
    plain = ss.segment(image, method, **QUICK).labels()
    for region, label in ((dark, 6), (bright, 2)):
        assert (labels[7:][region[7:]] == label).mean() > 0.8
        assert (plain[7:][region[7:]] == label).mean() < 0.8, "test invalid"


def test_float32_follows_double():
    run = ss.segment(picture(), VOTED, channel_axis=0, superpixels=tiles(), **QUICK)
    scaled = run.fit.scaling(picture())
    _, steps, _ = ours(VOTED, inputs(scaled, index=tiles()[None]))
    for step in steps:
        labels = step.votes[tiles()].numpy()
        assert (run.labels(step.iteration) == labels).mean() > 0.95
        assert run.losses["similarity"][step.iteration] == pytest.approx(step.loss, rel=1e-2)


def test_reference_images_give_a_third_one_the_same_classes():
    """Fit on two halves of a scene and apply to a third: the same things get the same ids."""
    scenes = [picture(seed, channels=1)[0] for seed in range(3)]
    run = ss.segment(scenes[:2], PIXELS.replace(iterations=30), **QUICK)
    third = run.fit.predict(scenes[2], **HERE)
    assert set(np.unique(third)) <= set(run.fit.classes)
    for level in (0, 1, 2):
        truth = sum(axis // 5 for axis in np.indices(SHAPE)) % 3 == level
        seen = np.concatenate([run.labels(image=k)[truth] for k in range(2)])
        main = np.bincount(seen).argmax()
        assert (third[truth] == main).mean() > 0.6


def test_untrained_network_is_drawn_from_the_seed():
    first, same, other = (
        VOTED.network(3, 2, torch.Generator().manual_seed(seed)).state_dict() for seed in (0, 0, 1)
    )
    for name, each in first.items():
        assert torch.equal(each, same[name])
        if each.ndim > 1:
            assert not torch.equal(each, other[name])


@pytest.mark.parametrize(("depth", "ndim"), [(1, 2), (3, 2), (2, 3)])
def test_reach_is_how_far_an_input_is_felt(depth, ndim):
    method = PIXELS.replace(depth=depth)
    network = method.network(1, ndim, torch.Generator().manual_seed(0)).eval()
    x = torch.zeros(1, 1, *(13,) * ndim)
    x[(0, 0, *(6,) * ndim)] = 1
    with torch.no_grad():
        felt = (network(x) != network(torch.zeros_like(x))).any(dim=1)[0].nonzero()
    assert method.reach == depth
    assert felt.min() == 6 - method.reach
    assert felt.max() == 6 + method.reach


def test_superpixels_of_the_paper():
    assert VOTED.default_superpixels() == ss.Slic(n_segments=10_000, compactness=100)
    assert PIXELS.default_superpixels() is None


def test_defaults_of_the_paper():
    method = ss.Backprop()
    assert (method.iterations, method.channels, method.depth) == (500, 100, 2)
    assert (method.learning_rate, method.momentum, method.min_labels) == (0.1, 0.9, 3)
    assert (method.continuity_weight, method.scribble_weight) == (1, 0.5)
    assert method.n_classes == method.channels
