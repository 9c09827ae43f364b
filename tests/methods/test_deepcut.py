"""DeepCut against the equations of the paper, written naively; and what it promises besides."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from torch.nn import functional as F

import napari_selfseg as ss
from napari_selfseg.graphs import normalised_cut
from napari_selfseg.methods._deepcut._affinity import Nodes, connected_graph, mean_distance
from napari_selfseg.methods._deepcut._clustering import matched
from napari_selfseg.methods._deepcut._partners import partition
from napari_selfseg.nets import dropout_mask
from napari_selfseg.protocol import Control, Inputs

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
COLOURS = np.array([[0.9, 0.1, 0.1], [0.1, 0.2, 0.8], [0.2, 0.8, 0.2], [0.9, 0.9, 0.9]])


@pytest.fixture(autouse=True)
def one_thread():
    """As small as this, work is slower in two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def quarters(seed=0, size=32, noise=0.02):
    """Four colours, one a quarter; which quarter each pixel is in; tiles of 4 x 4 pixels."""
    row, column = np.indices((size, size)) * 2 // size
    truth = 2 * row + column
    rng = np.random.default_rng(seed)
    image = COLOURS[truth] + rng.normal(scale=noise, size=(size, size, 3))
    return np.clip(image, 0, 1).astype(np.float32), truth, tiles(size)


def tiles(size):
    row, column = np.indices((size, size)) // 4
    return row * (size // 4) + column + 1


def segmented(method, image, superpixels, **more):
    more = {"channel_axis": -1, **QUICK, **more}
    return ss.segment(image, method, superpixels=superpixels, **more)


def agreement(labels, truth):
    """Whether labels are the truth under other names."""
    pairs = {(int(a), int(b)) for a, b in zip(labels.ravel(), truth.ravel(), strict=True)}
    return len(pairs) == len(np.unique(truth)) == len(np.unique(labels))


def random_nodes(n=12, images=1, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    features = torch.randn(n, 4, generator=drawn, dtype=torch.float64)
    centres = 2.5 * torch.rand(n, 2, generator=drawn, dtype=torch.float64)
    return Nodes(features, centres, torch.arange(n) % images)


def similarities(method, nodes):
    """W of the paper by loops; nan where nodes are not compared."""
    n, c = len(nodes), nodes.features.numpy()
    w = np.full((n, n), np.nan)
    squares = np.full((n, n), np.nan)
    for i in range(n):
        for j in range(n):
            apart = float(torch.dist(nodes.centres[i], nodes.centres[j]))
            close = apart < method.neighbourhood and nodes.image[i] == nodes.image[j]
            if i != j and (close or not method.neighbourhood):
                squares[i, j] = ((c[i] - c[j]) ** 2).sum()
                w[i, j] = c[i] @ c[j] / np.linalg.norm(c[i]) / np.linalg.norm(c[j])
    if method.affinity == "distance":
        w = np.exp(-squares / np.nanmean(squares))
    if method.loss == "correlation":
        return np.nan_to_num(w - np.nanmax(w) / method.alpha)
    return np.nan_to_num(np.maximum(w, 0) / np.nanmax(w))


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("neighbourhood", [0, 2.0])
@pytest.mark.parametrize("affinity", ["distance", "product"])
@pytest.mark.parametrize("loss", ["ncut", "correlation"])
def test_similarities_and_how_features_spread(loss, affinity, neighbourhood, images):
    method = ss.DeepCut(loss=loss, affinity=affinity, neighbourhood=neighbourhood)
    nodes = random_nodes(images=images)
    graph = connected_graph(method, nodes, mean_distance(method, nodes))
    expected = similarities(method, nodes)
    assert len(np.unique(expected.round(6))) > 8, "test invalid"
    np.testing.assert_allclose(graph.W, expected)
    same = (nodes.image[:, None] == nodes.image).numpy()
    joined = np.maximum(expected, 0) * same + np.eye(len(nodes))
    half = np.diag(joined.sum(axis=1) ** -0.5)
    np.testing.assert_allclose(graph.P, half @ joined @ half)


def inputs(image, superpixels, **more):
    x = torch.from_numpy(np.moveaxis(image, -1, 0)[None].copy())
    index = torch.from_numpy(superpixels.astype(np.int64))[None]
    given = {"valid": None, "scribbles": None, **more}
    n, control = int(index.max()), Control()
    return Inputs(x, given["valid"], index, n, given["scribbles"], torch.float32, control)


def node_features(method, image, superpixels):
    """Mean and standard deviation of Lab in each superpixel, centred and scaled by group."""
    rows = rgb2lab(image)
    nodes = [rows[superpixels == j] for j in range(1, superpixels.max() + 1)]
    groups = [np.array([each.mean(axis=0) for each in nodes])]
    groups += [np.array([each.std(axis=0) for each in nodes])]
    found = []
    for group, weight in zip(groups, (1.0, method.texture_weight), strict=True):
        size = np.sqrt(group.var(axis=0).sum())
        found.append((group - group.mean(axis=0)) / size * weight)
    return torch.from_numpy(np.concatenate(found, axis=1)).float()


def reference(method, params, image, superpixels):
    """The classes and losses of each update."""
    x = node_features(method, image, superpixels)
    one = Nodes(x.double(), torch.zeros(len(x), 2), torch.zeros(len(x)))
    W = torch.from_numpy(similarities(method, one)).float()
    P = torch.eye(len(x)) + W.clamp(min=0)
    P = P / (P.sum(0)[:, None] * P.sum(0)).sqrt()
    optimiser = torch.optim.AdamW(list(params.values()), lr=method.learning_rate)
    generator = torch.Generator().manual_seed(method.seed)
    D = torch.diag(W.sum(1))

    def responses(dropped):
        h = F.elu(P @ x @ params["convolution.weight"].T + params["convolution.bias"])
        h = F.elu(h @ params["linear.weight"].T + params["linear.bias"]) * dropped
        return h @ params["last.weight"].T + params["last.bias"]

    for _ in range(method.iterations):
        shown = responses(1.0).argmax(1)
        S = responses(dropout_mask(len(x), method.dropout, generator)).softmax(1)
        if method.loss == "correlation":
            losses = {"correlation": -(W * (S @ S.T)).sum() / W.abs().sum()}
        else:
            inner, K = S.T @ S, method.n_clusters
            balance = torch.linalg.norm(inner / torch.linalg.norm(inner) - torch.eye(K) / K**0.5)
            cut = -torch.trace(S.T @ W @ S) / torch.trace(S.T @ D @ S)
            losses = {"cut": cut, "balance": balance}
        yield shown, {name: float(each.detach()) for name, each in losses.items()}
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()


@pytest.mark.parametrize("loss", ["ncut", "correlation"])
def test_every_update_is_that_of_the_equations(loss):
    image, _, superpixels = quarters(noise=0.15)
    method = ss.DeepCut(
        loss=loss,
        iterations=12,
        n_clusters=5,
        neighbourhood=0,
        initialised=False,
        learning_rate=0.005,
    )
    network = method.network(3, 2, torch.Generator().manual_seed(0))
    params = {k: v.detach().clone().requires_grad_() for k, v in network.whole.named_parameters()}
    expected = list(reference(method, params, image, superpixels))
    steps = list(method.steps(network, inputs(image, superpixels)))
    assert len(steps) == len(expected) == method.iterations
    for step, (shown, losses) in zip(steps, expected, strict=True):
        found = {name: float(each) for name, each in step.losses.items()}
        assert found == pytest.approx(losses, rel=1e-4, abs=1e-6)
        assert step.votes[1:].long().tolist() == (shown + 1).tolist()
    assert (expected[0][0] != expected[-1][0]).any(), "test invalid"


@pytest.mark.parametrize(("neighbourhood", "alpha"), [(0, 1.5), (3.0, 3.0)])
def test_correlation_clustering_finds_how_many_clusters_there_are(neighbourhood, alpha):
    image, truth, superpixels = quarters()
    method = ss.DeepCut(loss="correlation", n_clusters=9, neighbourhood=neighbourhood, alpha=alpha)
    assert agreement(segmented(method, image, superpixels).labels(), truth)


@pytest.mark.parametrize("solver", ["network", "spectral"])
def test_the_normalised_cut_makes_as_many_as_asked_for(solver):
    image, truth, superpixels = quarters()
    method = ss.DeepCut(loss="ncut", n_clusters=4, solver=solver)
    assert agreement(segmented(method, image, superpixels).labels(), truth)


def test_the_spectral_partner_is_the_normalised_cut_of_the_same_graph():
    method, nodes = ss.DeepCut(loss="ncut", neighbourhood=0), random_nodes(20)
    W = connected_graph(method, nodes, mean_distance(method, nodes)).W
    found = partition(W, 4, repelling=False)
    from scipy import sparse

    expected = normalised_cut(sparse.csr_array(W.numpy() + np.eye(20)), 4)
    assert agreement(found.numpy(), expected)
    sizes = found.bincount().tolist()
    assert sizes == sorted(sizes, reverse=True)


def test_the_multicut_partner_cuts_what_repels():
    member = torch.tensor([0, 1, 1, 2, 2, 2])
    W = torch.where(member[:, None] == member, 0.4, -0.2).double().fill_diagonal_(0)
    assert partition(W, 2, repelling=True).tolist() == [2, 1, 1, 0, 0, 0]


def test_a_partner_yields_once_and_says_why():
    image, _, superpixels = quarters()
    run = segmented(ss.DeepCut(solver="multicut"), image, superpixels)
    assert run.iterations == (0,)
    assert run.stop_reason == "The graph was cut; there is nothing to train."
    found = run.fit.predict(image, channel_axis=-1, superpixels=superpixels, **HERE)
    np.testing.assert_array_equal(found, run.labels())


@pytest.mark.parametrize("solver", ["network", "spectral", "multicut"])
def test_a_fit_gives_the_same_classes_on_another_image(solver, tmp_path):
    image, _, superpixels = quarters()
    loss = "ncut" if solver == "spectral" else "correlation"
    method = ss.DeepCut(loss=loss, solver=solver, n_clusters=4, texture_weight=0)
    run = segmented(method, image, superpixels)
    ss.save_fit(run.fit, tmp_path / "fit.safetensors")
    fit, turned = ss.load_fit(tmp_path / "fit.safetensors"), np.rot90(image)
    found = fit.predict(turned, channel_axis=-1, superpixels=superpixels, **HERE)
    np.testing.assert_array_equal(found, np.rot90(run.labels()))
    assert len(np.unique(found)) == 4
    # Without superpixels the method makes its own.
    own = fit.predict(image, channel_axis=-1, **HERE)
    assert (own == run.labels()).mean() > 0.9


def test_several_images_share_their_classes():
    image, truth, superpixels = quarters()
    other, _, _ = quarters(seed=1)
    method = ss.DeepCut(loss="correlation", n_clusters=6)
    run = segmented(method, [image, np.rot90(other)], [superpixels, superpixels])
    assert agreement(run.labels(), truth)
    np.testing.assert_array_equal(run.labels(image=1), np.rot90(run.labels()))


def test_each_of_several_images_is_labelled_as_if_it_were_alone():
    image, _, superpixels = quarters(noise=0.3)
    other = np.rot90(quarters(seed=1, noise=0.3)[0])
    method = ss.DeepCut(n_clusters=6, initialised=False, iterations=10)
    run = segmented(method, [image, other], [superpixels, superpixels])
    given = {"channel_axis": -1, "superpixels": superpixels, **HERE}
    assert len(np.unique(run.labels(image=1))) > 1, "test invalid"
    for k, each in enumerate((image, other)):
        np.testing.assert_array_equal(run.fit.predict(each, **given), run.labels(image=k))


def test_two_stages_part_two_sides_and_then_each():
    image, truth, superpixels = quarters()
    method = ss.DeepCut(loss="correlation", n_clusters=3, foreground_iterations=5, alpha=4)
    run = segmented(method, image, superpixels)
    assert method.n_classes == 6
    assert set(np.unique(run.labels(4))) <= {1, 4}
    side = np.unique(run.labels(4))
    assert len(side) == 2
    assert agreement(run.labels(), truth)
    np.testing.assert_array_equal((run.labels() > 3), (run.labels(4) > 3))


def test_a_run_ending_in_the_first_stage_shows_the_sides():
    image, _, superpixels = quarters()
    method = ss.DeepCut(loss="correlation", n_clusters=3, foreground_iterations=5, iterations=4)
    assert set(np.unique(segmented(method, image, superpixels).labels())) == {1, 4}


@pytest.mark.parametrize("features", ["responses", "autoencoder"])
def test_features_are_learned_before_the_clustering(features):
    image, _, superpixels = quarters()
    method = ss.DeepCut(
        loss="correlation", features=features, feature_iterations=20, iterations=40, n_clusters=6
    )
    run = segmented(method, image, superpixels)
    learning = "similarity" if features == "responses" else "reconstruction"
    assert sorted(run.losses[learning]) == list(range(20))
    assert sorted(run.losses["correlation"]) == list(range(20, 40))
    assert run.losses[learning][19] < run.losses[learning][0]
    for t in range(20):
        np.testing.assert_array_equal(run.labels(t), run.labels(0))
    assert len(np.unique(run.labels())) > 1


def test_a_run_that_only_learns_features_says_so():
    image, _, superpixels = quarters()
    method = ss.DeepCut(features="responses", feature_iterations=4, iterations=4)
    run = segmented(method, image, superpixels)
    assert run.iteration == 4
    assert run.stop_reason == ("All 4 iterations learned features: ask for more than 4 to cluster.")


def test_a_warm_start_goes_on_without_learning_features_again():
    image, _, superpixels = quarters()
    method = ss.DeepCut(features="responses", feature_iterations=4, iterations=6)
    first = segmented(method, image, superpixels)
    again = segmented(method, image, superpixels, start=first.fit)
    assert "similarity" not in again.losses
    np.testing.assert_array_equal(again.labels(0), first.labels())


def test_networks_that_come_into_one_cluster_are_put_back(monkeypatch):
    image, _, superpixels = quarters()
    method = ss.DeepCut(loss="correlation", n_clusters=6, iterations=50, learning_rate=0.05)

    def collapsing(S, W):
        return -S[:, 0].mean()

    monkeypatch.setattr("napari_selfseg.methods._deepcut._clustering.correlation", collapsing)
    run = segmented(method, image, superpixels)
    last = run.iterations[-2]
    assert len(np.unique(run.labels(last))) == 1, "test invalid"
    assert last + 1 == run.iteration < 50
    assert run.stop_reason.startswith(f"All superpixels came into one cluster after {last + 1} ")
    np.testing.assert_array_equal(run.labels(), run.labels(0))
    shorter = segmented(method.replace(iterations=run.iteration), image, superpixels)
    np.testing.assert_array_equal(shorter.labels(), run.labels())
    assert shorter.stopped == run.stopped
    two = method.replace(foreground_iterations=50, n_clusters=2)
    sides = segmented(two, image, superpixels)
    # As many updates where the first stage has no more than these.
    exact = segmented(two.replace(foreground_iterations=sides.iteration), image, superpixels)
    assert exact.stopped == sides.stopped
    assert exact.iteration == sides.iteration < 50
    np.testing.assert_array_equal(exact.labels(), sides.labels())


def test_initialised_it_begins_where_the_partner_ends():
    image, truth, superpixels = quarters()
    run = segmented(ss.DeepCut(loss="correlation", iterations=1), image, superpixels)
    assert agreement(run.labels(0), truth)
    bare = ss.DeepCut(loss="correlation", iterations=1, initialised=False)
    assert not agreement(segmented(bare, image, superpixels).labels(0), truth)


def test_scribbled_superpixels_get_the_class_that_was_drawn():
    image, truth, superpixels = quarters()
    drawn = np.zeros(truth.shape, int)
    drawn[2:6, 2:6], drawn[-6:-2, -6:-2] = 5, 2
    method = ss.DeepCut(loss="correlation", n_clusters=6)
    labels = segmented(method, image, superpixels, scribbles=drawn).labels()
    assert agreement(labels, truth)
    assert set(labels[truth == 0]) == {5}
    assert set(labels[truth == 3]) == {2}


def test_scribbles_are_a_term_of_the_loss_of_the_superpixels_under_them():
    image, truth, superpixels = quarters()
    drawn = np.zeros(truth.shape, int)
    drawn[2:6, 2:6], drawn[-6:-2, -6:-2] = 5, 2
    method = ss.DeepCut(n_clusters=6, initialised=False, learning_rate=0.01, scribble_weight=3)
    run = segmented(method, image, superpixels, scribbles=drawn)
    term = list(run.losses["scribbles"].values())
    assert term[0] > 3 > 0.3 > term[-1]
    assert set(run.labels()[drawn == 5]) == {5}
    assert set(run.labels()[drawn == 2]) == {2}


def test_segments_keep_their_number_where_scribbles_do_not_decide():
    segments = torch.tensor([0, 0, 1, 2, 2, 3])
    assert matched(segments, None, 5) is segments
    drawn = torch.tensor([4, -1, -1, -1, -1, -1])
    assert matched(segments, drawn, 5).tolist() == [4, 4, 1, 2, 2, 3]
    # Two scribbles on one segment: the network is taught both.
    drawn = torch.tensor([4, 3, -1, -1, -1, -1])
    found = matched(segments, drawn, 5).tolist()
    assert found[:2] == [4, 3]
    assert len(set(found[2:])) == 3


def test_pixels_without_data_count_nowhere():
    image, truth, superpixels = quarters()
    mask = np.ones(truth.shape, bool)
    mask[:, 12:20] = False
    spoiled = np.where(mask[..., None], image, 7.0)
    method = ss.DeepCut(loss="correlation", n_clusters=6, iterations=5, texture_weight=0)
    run = segmented(method, image, superpixels, mask=mask)
    again = segmented(method, spoiled, superpixels, mask=mask)
    assert not run.labels()[~mask].any()
    assert agreement(run.labels()[mask], truth[mask])
    np.testing.assert_array_equal(run.labels(), again.labels())


def test_too_many_superpixels_are_refused(monkeypatch):
    monkeypatch.setattr("napari_selfseg.methods._deepcut._method.MOST", 20)
    image, _, superpixels = quarters()
    with pytest.raises(ValueError, match="64 are too many: make no more than 20"):
        segmented(ss.DeepCut(), image, superpixels)


def test_one_superpixel_and_two_are_no_error():
    image, truth, _ = quarters()
    whole = np.ones(truth.shape, int)
    assert set(np.unique(segmented(ss.DeepCut(iterations=2), image, whole).labels())) == {1}
    assert segmented(ss.DeepCut(iterations=2), image, truth // 2 + 1).labels().all()
