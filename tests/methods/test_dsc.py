"""DSC against both algorithms of the paper, written naively in double precision."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import napari_selfseg as ss
from napari_selfseg.losses import similarity
from napari_selfseg.nets import draw_crops
from napari_selfseg.protocol import Control, Inputs, Problem, Stop

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
SHAPE = (14, 17)
SMALL = {"partitions": 6, "width": 8, "crop_size": 10, "batch_size": 2}
METHOD = ss.DSC(iterations=7, autoencoder_iterations=3, **SMALL)


@pytest.fixture(autouse=True)
def one_thread():
    """As small as this, work is slower in two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def picture(seed=0, shape=SHAPE, channels=2):
    rng = np.random.default_rng(seed)
    steps = sum(axis // 5 for axis in np.indices(shape)) % 3
    values = steps / 3 + 0.15 + rng.normal(scale=0.05, size=(channels, *shape))
    return values.astype(np.float32)


def tiles(shape=SHAPE):
    rows = sum(100**k * (axis // 3) for k, axis in enumerate(np.indices(shape)))
    return np.unique(rows, return_inverse=True)[1].reshape(shape) + 1


def inputs(*images, valid=None, index=None, scribbles=None):
    """What a run of these images in double precision iterates on."""
    x = torch.from_numpy(np.stack(images)).double()
    x = x if valid is None else x * valid
    shape = x.shape[2:]
    if index is None:
        index = np.stack([tiles(shape) + k * tiles(shape).max() for k in range(len(x))])
    index = torch.as_tensor(index)
    if valid is not None:
        _, index = torch.where(valid[:, 0], index, 0).unique(return_inverse=True)
    drawn = None if scribbles is None else torch.as_tensor(scribbles)
    return Inputs(x, valid, index, int(index.max()), drawn, torch.float64, Control())


class Reference(nn.Module):
    """SuperAE and the 1x1 convolution on the concatenated levels, as in section III-A."""

    def __init__(self, ours):
        super().__init__()
        self.params = nn.ParameterDict()
        for name, value in ours.named_parameters():
            self.params[name.replace(".", "/")] = nn.Parameter(value.detach().double().clone())
        self.ndim = ours.classifier.weight.ndim - 2
        self.normalised = ours.whitening is not None

    def __getitem__(self, name):
        return self.params[name.replace(".", "/")]

    def part(self, word):
        return [p for name, p in self.params.items() if name.startswith(word)]

    def norm(self, x, name, valid):
        rows = x.movedim(1, -1)[valid[:, 0]]
        along = (1, -1) + (1,) * self.ndim
        mean, var = rows.mean(0).view(along), rows.var(0, correction=0).view(along)
        gamma, beta = (self[f"{name}.{which}"].view(along) for which in ("gamma", "beta"))
        return ((x - mean) / (var + 1e-5).sqrt() * gamma + beta) * valid

    def encode(self, x, masks):
        convolve, levels = {2: F.conv2d, 3: F.conv3d}[self.ndim], []
        for k, mask in enumerate(masks):
            weight = self[f"autoencoder.encoder.{k}.weight"]
            x = convolve(x, weight, padding=1, stride=1 if k == 0 else 2)
            x = F.relu(self.norm(x, f"autoencoder.encoder_norms.{k}", mask))
            levels.append(x)
        return levels

    def reconstruct(self, x, valid):
        masks = halves(valid)
        levels = self.encode(x, masks)
        transposed = {2: F.conv_transpose2d, 3: F.conv_transpose3d}[self.ndim]
        y = levels[2]
        for k, finer in enumerate((1, 0)):
            weight = self[f"autoencoder.decoder.{k}.weight"]
            y = transposed(y, weight, padding=1, stride=2, output_padding=1)
            y = y[cut_to(levels[finer].shape)]
            y = F.relu(self.norm(y, f"autoencoder.decoder_norms.{k}", masks[finer]))
        convolve = {2: F.conv2d, 3: F.conv3d}[self.ndim]
        last = (self["autoencoder.last.weight"], self["autoencoder.last.bias"])
        return torch.sigmoid(convolve(y, *last, padding=1))

    def embed(self, x, valid):
        levels = self.encode(x, halves(valid))
        for k in (1, 2):
            for axis in range(2, x.ndim):
                levels[k] = levels[k].repeat_interleave(2**k, dim=axis)
            levels[k] = levels[k][cut_to(x.shape)]
        rows = torch.cat([x, *levels], dim=1).movedim(1, -1)
        weight = self["classifier.weight"].flatten(1)
        bias = 0 if self.normalised else self["classifier.bias"]
        y = (rows @ weight.T + bias).movedim(-1, 1)
        return self.norm(y, "whitening", valid) if self.normalised else y


def cut_to(shape):
    return (slice(None), slice(None), *(slice(n) for n in shape[2:]))


def halves(valid):
    """Masks of the three levels, by loops."""
    masks = [valid]
    for _ in range(2):
        fine = masks[-1]
        coarse = torch.zeros(*fine.shape[:2], *(-(-n // 2) for n in fine.shape[2:]), dtype=bool)
        for place in fine.nonzero().tolist():
            coarse[(*place[:2], *(p // 2 for p in place[2:]))] = True
        masks.append(coarse)
    return masks


def first_stage(method, net, data, valid):
    """Algorithm 1: the losses of each update."""
    optimiser = torch.optim.Adam(net.part("autoencoder"), lr=method.autoencoder_rate)
    generator, t = torch.Generator().manual_seed(method.seed), data.index
    side = round(method.crop_size ** (2 / net.ndim))
    spots = None if data.valid is None else data.valid.flatten().nonzero()[:, 0]
    for _ in range(method.autoencoder_iterations):
        crops = draw_crops(t.shape, side, method.batch_size, generator, spots)
        x, part, inside = (torch.stack([c(each) for c in crops]) for each in (data.x, t, valid))
        x_r = net.reconstruct(x, inside)
        pixels = inside[:, 0]
        seen, smooth = x.movedim(1, -1)[pixels], x_r.movedim(1, -1)[pixels]
        v = torch.zeros_like(smooth)
        for j in part[pixels].unique().tolist():
            whole = data.x.movedim(1, -1)[t == j] if method.template == "image" else None
            v_j = smooth[part[pixels] == j].mean(0) if whole is None else whole.mean(0)
            v = torch.where((part[pixels] == j)[:, None], v_j, v)
        losses = {
            "reconstruction": ((seen - smooth) ** 2).mean(),
            "template": method.template_weight * ((smooth - v) ** 2).mean(),
        }
        yield losses
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()


def near_each_other(method, data, valid):
    """Pairs (a, b) with |l(a) - l(b)| < d, in both orders and with themselves, by loops."""
    M, ndim = data.n_regions, data.x.ndim - 2
    d = method.neighbourhood * (int(valid.sum()) / M) ** (1 / ndim)
    places = [(data.index == j).nonzero().double().mean(0) for j in range(1, M + 1)]
    close = torch.zeros(M, M, dtype=torch.float64)
    for a, b in itertools.product(range(M), repeat=2):
        same_image = places[a][0] == places[b][0]
        close[a, b] = same_image and torch.dist(places[a], places[b]) < d
    assert 0.05 < float(close.mean()) < 0.95, "test invalid"
    return close


def second_stage(method, net, data, valid):
    """Algorithm 2: labels, losses and number of raw labels of each update, and W."""
    optimiser = torch.optim.SGD(net.parameters(), lr=method.learning_rate, momentum=method.momentum)
    z, M, B = data.index, data.n_regions, len(data.x)
    close = near_each_other(method, data, valid)
    for _ in range(method.iterations - method.autoencoder_iterations):
        feats = net.embed(data.x, valid).movedim(1, -1)
        p = feats.softmax(-1)
        c = p.argmax(-1)
        C = torch.zeros(M + 1, dtype=torch.int64)
        G, Q = [], []
        for j in range(1, M + 1):
            C[j] = c[z == j].bincount().argmax() + 1
            G.append(feats[z == j].detach().mean(0))
            Q.append(p[z == j].mean(0))
        G, Q = torch.stack(G), torch.stack(Q)
        W = torch.exp(-(torch.cdist(G, G) ** 2) / method.sigma**2) * close
        L2 = sum(Q[:, k] @ W @ (1 - Q[:, k]) for k in range(Q.shape[1]))
        counted, losses = z > 0, {}
        if data.scribbles is not None:
            drawn = data.scribbles >= 0
            right = p[drawn].log().gather(1, data.scribbles[drawn][:, None])
            losses["scribbles"] = -method.scribble_weight * right.mean()
            counted = counted & ~drawn
        right = p[counted].log().gather(1, C[z[counted]][:, None] - 1)
        losses["labels"] = -method.label_weight * right.mean()
        # 5 / M^2 with M superpixels an image; the mean over the images.
        losses["cut"] = method.cut_weight / (M / B) ** 2 * L2 / B
        yield C, losses, len(c[valid[:, 0]].unique()), W
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()


def reference(method, network, data):
    """Both stages: votes, losses and number of raw labels, one an update."""
    net = Reference(network)
    valid = torch.ones_like(data.x[:, :1], dtype=bool) if data.valid is None else data.valid
    for losses in first_stage(method, net, data, valid):
        yield None, losses, None
    for votes, losses, n_labels, _ in second_stage(method, net, data, valid):
        yield votes, losses, n_labels


def ours(method, data):
    """Run the generator by itself; return the network as it began, the steps, the reason."""
    seeded = [torch.Generator().manual_seed(method.seed) for _ in range(2)]
    size = (data.x.shape[1], data.x.ndim - 2)
    begin, network = (method.network(*size, each) for each in seeded)
    steps, loop = [], method.steps(network.double(), data)
    while True:
        try:
            steps.append(next(loop))
        except StopIteration as end:
            return begin, steps, end.value


def assert_same(method, data):
    begin, steps, stop = ours(method, data)
    expected = list(reference(method, begin, data))
    assert len(steps) == len(expected) == method.iterations
    for step, (votes, losses, n_labels) in zip(steps, expected, strict=True):
        found = {name: float(each) for name, each in step.losses.items()}
        assert found == pytest.approx({k: float(v.detach()) for k, v in losses.items()}, rel=1e-6)
        if votes is not None:
            assert torch.equal(step.votes.long(), votes)
            assert step.n_raw_labels == n_labels
    shown = [votes for votes, _, _ in expected if votes is not None]
    assert (shown[0] != shown[-1]).any(), "test invalid"
    return steps, stop


@pytest.mark.parametrize("template", ["image", "reconstruction"])
@pytest.mark.parametrize("normalised", [False, True])
def test_both_algorithms(normalised, template):
    method = METHOD.replace(normalised=normalised, template=template)
    assert_same(method, inputs(picture()))


def test_weights_rates_and_distances():
    values = {"template_weight": 0.3, "autoencoder_rate": 0.01, "sigma": 2.0, "momentum": 0.5}
    more = {"neighbourhood": 1.5, "label_weight": 0.7, "cut_weight": 40, "learning_rate": 0.02}
    assert_same(METHOD.replace(**values, **more, seed=3), inputs(picture()))


def test_volumes():
    assert_same(METHOD.replace(crop_size=30), inputs(picture(shape=(5, 9, 10))))


def test_pixels_without_data_count_nowhere():
    valid = torch.ones(1, 1, *SHAPE, dtype=torch.bool)
    valid[..., 5:10] = False
    valid[0, 0, 0, 0] = False
    assert_same(METHOD, inputs(picture(), valid=valid))


def test_several_images_are_one_batch():
    assert_same(METHOD, inputs(picture(0), picture(1), picture(2)))


def test_scribbles():
    drawn = np.full((1, *SHAPE), -1)
    drawn[0, :3, :3], drawn[0, 9:, 9] = 5, 2
    assert_same(METHOD.replace(scribble_weight=0.8), inputs(picture(), scribbles=drawn))


def test_no_first_stage_and_no_cut():
    assert_same(METHOD.replace(autoencoder_iterations=0, cut_weight=0), inputs(picture()))


def test_the_labels_shown_in_the_first_stage_are_the_untrained_ones():
    _, steps, _ = ours(METHOD, inputs(picture()))
    _, without, _ = ours(METHOD.replace(autoencoder_iterations=0), inputs(picture()))
    for step in steps[:3]:
        assert torch.equal(step.votes, without[0].votes)
        assert step.n_raw_labels == without[0].n_raw_labels
        assert set(step.losses) == {"reconstruction", "template"}
    assert set(steps[3].losses) == {"labels", "cut"}


def test_updates_are_counted_through_both_stages():
    data = inputs(picture())
    _, steps, stop = ours(METHOD, data)
    assert [step.iteration for step in steps] == list(range(7))
    assert {step.total for step in steps} == {7}
    assert data.control.done == 7
    assert stop is None


@pytest.mark.parametrize("iterations", [2, 3])
def test_a_run_without_a_cut_says_so(iterations):
    run = ss.segment(
        picture(), METHOD.replace(iterations=iterations), channel_axis=0, superpixels=tiles(),
        **QUICK,
    )  # fmt: skip
    assert run.iteration == iterations
    assert run.stopped.kind == "finished"
    assert run.stop_reason == (
        f"All {iterations} iterations trained the autoencoder: ask for more than 3 to cut."
    )


def segmented(method, image=None, **options):
    image = picture() if image is None else image
    return ss.segment(image, method, channel_axis=0, **{"superpixels": tiles(), **QUICK, **options})


def test_stop_is_heard_within_an_update_of_the_first_stage():
    run = ss.evolve(picture(), METHOD, channel_axis=0, superpixels=tiles(), **QUICK)
    next(run)
    run.stop()
    closing = next(run)
    assert (closing.iteration, run.stopped.kind) == (0, "asked")
    np.testing.assert_array_equal(run.labels(), segmented(METHOD.replace(iterations=1)).labels(0))


def test_several_threads_make_the_same_labels_again():
    image = picture(shape=(96, 110))
    method = METHOD.replace(crop_size=96, batch_size=4)
    superpixels = ss.Slic(n_segments=50)
    runs = [
        segmented(method, image=image, superpixels=superpixels, threads=4, precision=precision)
        for precision in ("float32", "float32", "bfloat16", "bfloat16")
    ]
    for one, again in (runs[:2], runs[2:]):
        assert one.losses == again.losses
        np.testing.assert_array_equal(one.labels(), again.labels())


def test_a_warm_start_does_not_train_the_autoencoder_again():
    fit = segmented(METHOD.replace(iterations=2)).fit
    assert int(fit.weights["updates"]) == 2
    run = segmented(METHOD, start=fit)
    assert list(run.losses["template"]) == [0]
    assert list(run.losses["cut"]) == list(range(1, 7))
    again = segmented(METHOD, start=run.fit)
    assert "template" not in again.losses
    assert int(again.fit.weights["updates"]) == 3


def test_two_runs_cut_superpixels_of_the_smoothed_image():
    """The use of the paper: superpixels anew, from the reconstruction."""
    method = METHOD.replace(iterations=60, autoencoder_iterations=60, autoencoder_rate=0.01)
    first = segmented(method)
    scaled, smooth = first.fit.scaling(picture()), first.fit.smoothed(picture(), channel_axis=0)
    assert smooth.shape == picture().shape
    assert smooth.dtype == np.float32
    inside = [scaled[:, tiles() == j].std(1) for j in range(1, tiles().max() + 1)]
    smoothed = [smooth[:, tiles() == j].std(1) for j in range(1, tiles().max() + 1)]
    assert np.mean(smoothed) < 0.9 * np.mean(inside)
    assert np.abs(smooth - scaled).mean() < 0.15
    superpixels = ss.Slic(n_segments=20)(np.moveaxis(smooth, 0, -1))
    run = segmented(method.replace(iterations=65), start=first.fit, superpixels=superpixels)
    assert set(run.losses) == {"labels", "cut"}
    np.testing.assert_array_equal(run.superpixels[0], superpixels)


def test_the_cut_leaves_the_smoothed_image_as_it_was():
    only = segmented(METHOD.replace(iterations=3))
    cut = segmented(METHOD)
    key = "autoencoder.encoder.0.weight"
    assert not torch.equal(only.fit.weights[key], cut.fit.weights[key]), "test invalid"
    one, other = (run.fit.smoothed(picture(), channel_axis=0) for run in (only, cut))
    np.testing.assert_array_equal(one, other)


def test_an_autoencoder_without_updates_smooths_nothing():
    fit = segmented(METHOD.replace(autoencoder_iterations=0, iterations=2)).fit
    with pytest.raises(ValueError, match="The autoencoder was not trained"):
        fit.smoothed(picture(), channel_axis=0)


def test_a_smoothed_image_has_the_axes_of_the_image_and_0_without_data():
    fit = segmented(METHOD.replace(iterations=2)).fit
    last = np.moveaxis(picture(), 0, -1)
    mask = np.ones(SHAPE, bool)
    mask[:3] = False
    smooth = fit.smoothed(last, channel_axis=-1, mask=mask)
    assert smooth.shape == last.shape
    assert (smooth[:3] == 0).all()
    assert (smooth[3:] > 0).all()
    with pytest.raises(ValueError, match="The image has 1 channels"):
        fit.smoothed(last[..., 0])


def test_collapse_ends_the_run_an_update_later_with_a_reason():
    method = METHOD.replace(iterations=60, autoencoder_iterations=0, normalised=False)
    method = method.replace(learning_rate=1, cut_weight=1e4)
    data = inputs(picture())
    _, steps, stop = ours(method, data)
    assert len(steps) < 60, "test invalid"
    assert [step.n_raw_labels == 1 for step in steps] == [False] * (len(steps) - 1) + [True]
    assert data.control.done == len(steps)
    assert stop == Stop(
        "min_labels",
        f"All pixels have the same label after {len(steps)} iterations: the labels collapsed. "
        "Try another seed, or a smaller learning rate.",
    )
    run = segmented(method)
    assert run.stopped.kind == "min_labels"
    assert len(np.unique(run.labels())) == 1


def test_it_stops_with_as_few_labels_as_asked_but_not_while_scribbled_ones_are_missing():
    method = METHOD.replace(min_labels=6, autoencoder_iterations=0)
    _, steps, stop = ours(method, inputs(picture()))
    assert (len(steps), stop.kind) == (1, "min_labels")
    assert stop.sentence.endswith("(it stops when 6 are left).")
    drawn = np.full((1, *SHAPE), -1)
    drawn[0, :3, :3] = 2
    _, steps, stop = ours(method, inputs(picture(), scribbles=drawn))
    assert (len(steps), stop) == (7, None)


def test_an_image_that_leaves_one_coarse_pixel_is_refused():
    image = np.random.default_rng(0).random((4, 3))
    with pytest.raises(ValueError, match="4 x 3 pixels is too small for DSC: it needs more than 4"):
        ss.segment(image, METHOD, superpixels=np.arange(12).reshape(4, 3) + 1, **QUICK)
    two = ss.segment([image, image + 1], METHOD, superpixels=[np.ones((4, 3), int)] * 2, **QUICK)
    assert two.labels().shape == (4, 3)


@pytest.mark.parametrize("normalised", [False, True])
def test_similarities_have_contrast_and_gain_more(normalised, monkeypatch):
    """With small responses W is 1 everywhere, and the cut knows no border."""
    found = []

    def spied(g, edges, sigma):
        found.append(similarity(g, edges, sigma))
        return found[-1]

    monkeypatch.setattr("napari_selfseg.methods._dsc._cutting.similarity", spied)
    method = METHOD.replace(iterations=60, autoencoder_iterations=20, normalised=normalised)
    ours(method, inputs(picture(shape=(24, 25))))
    spread = [float(w.quantile(0.9) - w.quantile(0.1)) for w in found]
    assert len(spread) == 40, "test invalid"
    assert spread[0] > 0.02
    assert spread[-1] > 1.5 * spread[0]


def test_float32_follows_double():
    run = segmented(METHOD)
    scaled = run.fit.scaling(picture())
    _, steps, _ = ours(METHOD, inputs(scaled))
    for step in steps:
        assert (run.labels(step.iteration) == step.votes[tiles()].numpy()).mean() > 0.95
        for name, value in step.losses.items():
            assert run.losses[name][step.iteration] == pytest.approx(float(value), rel=1e-2)


def test_scribbles_pull_the_labels():
    drawn = np.zeros(SHAPE, int)
    drawn[:6, :6], drawn[9:, 9:] = 6, 2
    method = METHOD.replace(iterations=30, scribble_weight=5)
    labels = segmented(method, scribbles=drawn).labels()[drawn > 0]
    plain = segmented(method).labels()[drawn > 0]
    assert (labels == drawn[drawn > 0]).mean() > 0.8
    assert (plain == drawn[drawn > 0]).mean() < 0.6, "test invalid"


def test_superpixels_given_or_those_of_figure_5():
    assert ss.DSC().default_superpixels() == ss.Slic(n_segments=500, compactness=10)
    run = segmented(METHOD)
    for j in range(1, tiles().max() + 1):
        assert len(np.unique(run.labels()[tiles() == j])) == 1


def test_defaults_of_the_paper():
    method = ss.DSC()
    assert method.iterations - method.autoencoder_iterations == 128
    assert (method.partitions, method.width) == (32, 64)
    assert (method.sigma, method.neighbourhood) == (10, 2)
    assert (method.label_weight, method.cut_weight, method.template_weight) == (1, 5, 1)
    assert (method.learning_rate, method.momentum, method.autoencoder_rate) == (0.05, 0.9, 1e-3)
    assert method.n_classes == method.partitions
    assert ss.DSC.stride == 4


def test_cost_is_that_of_both_stages():
    problem = Problem(3, 481 * 321, 2)
    only = ss.DSC(iterations=100, autoencoder_iterations=0).cost(problem)
    both = ss.DSC(iterations=200, autoencoder_iterations=100).cost(problem)
    alone = ss.DSC(iterations=100, autoencoder_iterations=100).cost(problem)
    assert both.flops == pytest.approx((only.flops + alone.flops) / 2)
    assert both.moved == pytest.approx((only.moved + alone.moved) / 2)
    assert both.kept == max(only.kept, alone.kept)
    more = ss.DSC(iterations=50, autoencoder_iterations=100).cost(problem)
    assert more == alone
