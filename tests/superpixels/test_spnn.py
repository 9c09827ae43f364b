"""SPNN as a superpixel algorithm: what it sees, what it learns, and that it can be made again."""

import numpy as np
import pytest
import torch

from napari_selfseg.losses import clustering, edges, reconstructions, smoothness
from napari_selfseg.metrics import achievable_segmentation_accuracy, contingency
from napari_selfseg.nets import SPNN, initialise, part, soft_means, soft_project
from napari_selfseg.superpixels import Spnn
from napari_selfseg.superpixels._spnn import _seen, _shrunk

QUICK = Spnn(n_segments=24, iterations=20, shrink=2)


@pytest.fixture(autouse=True)
def one_thread():
    """As small as this, work is slower in two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scene(seed=0):
    """Three regions of a wavy border, with noise, and their truth."""
    y, x = np.indices((36, 48))
    truth = (x > 20 + 6 * np.sin(y / 5)).astype(int) + (y > 22 + x / 8)
    rng = np.random.default_rng(seed)
    colours = np.array([[0.2, 0.3, 0.6], [0.7, 0.5, 0.3], [0.4, 0.8, 0.5]])
    return (colours[truth] + rng.normal(scale=0.04, size=(36, 48, 3))).astype(np.float32), truth


def achievable(algorithm):
    image, truth = scene()
    return achievable_segmentation_accuracy(contingency(algorithm(image), truth + 1))


def test_training_makes_borders_follow_the_image():
    assert achievable(QUICK.replace(iterations=60, shrink=1)) > 0.98
    assert achievable(QUICK.replace(iterations=1, shrink=1)) < 0.95
    squares = np.add.outer(np.arange(36) // 9 * 6, np.arange(48) // 8) + 1
    _, truth = scene()
    assert achievable_segmentation_accuracy(contingency(squares, truth + 1)) < 0.95, "test invalid"


def test_another_seed_gives_others_and_the_global_generator_is_left_alone():
    image, before = scene()[0], torch.get_rng_state()
    assert (QUICK(image) != QUICK.replace(seed=1)(image)).any()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_caller_without_gradients_gets_the_same():
    image = scene()[0]
    expected = QUICK(image)
    with torch.no_grad():
        np.testing.assert_array_equal(QUICK(image), expected)
    with torch.inference_mode():
        np.testing.assert_array_equal(QUICK(image), expected)


def test_small_pieces_are_merged():
    labels = QUICK(scene()[0])
    assert np.bincount(labels.ravel())[1:].min() >= 0.25 * labels.size / QUICK.n_segments


def test_one_superpixel_is_the_image():
    assert (Spnn(n_segments=1)(scene()[0]) == 1).all()


def test_volumes_are_refused():
    with pytest.raises(ValueError, match=r"SPNN works on 2-D images, not on 3-D .*: choose"):
        QUICK(np.zeros((4, 5, 6, 1), np.float32))


def terms(image):
    """Gradient of each term of equation 8 at the first update, and the terms' edge weights."""
    network = SPNN(5, 3, 24, 4)
    initialise(network, torch.Generator().manual_seed(0))
    part(network)
    I = image[:, :3]  # noqa: E741
    P, I_tilde, _ = network(image)
    I_P = soft_project(P, soft_means(P, I))
    losses = {
        "clustering": clustering(P, 2.0),
        "smoothness": smoothness(P, I, 10.0),
        "reconstructions": reconstructions(I, I_tilde, I_P),
        "edges": edges(I, I_tilde, I_P),
        "edges of superpixels": edges(I, I, I_P),
    }
    norms = {}
    for name, loss in losses.items():
        (slope,) = torch.autograd.grad(loss, network.last.weight, retain_graph=True)
        norms[name] = float(slope.norm())
    return norms


def test_every_term_moves_the_network():
    x = torch.from_numpy(scene()[0]).movedim(-1, 0)[None]
    norms = terms(_seen(x, None, np.ones(2), 1.0))
    assert min(norms.values()) > 0.01
    assert max(norms.values()) < 1000 * min(norms.values())


def test_edges_count_in_units_of_the_spread_and_hardly_between_0_and_1():
    x = torch.from_numpy(scene()[0]).movedim(-1, 0)[None]
    spread = _seen(x, None, np.ones(2), 1.0)[:, :3]
    steps = torch.zeros_like(x[:, :1])
    steps[..., ::2] = 1
    flat = float(smoothness(steps, torch.zeros_like(x), 10.0))
    found = [float(smoothness(steps, image, 10.0)) / flat for image in (x, spread)]
    assert found[0] > 0.98
    assert found[1] < found[0] - 0.03
    least = [(-image.diff(dim=3).square().sum(1) / 10).exp().min() for image in (x, spread)]
    assert least[0] > 0.9
    assert least[1] < 0.5


def seen(shape=(6, 9), spacing=(1.0, 1.0), compactness=1.0, valid=None):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 2, *shape, generator=generator, dtype=torch.float64)
    return _seen(x, valid, np.array(spacing), compactness)


def test_colours_and_place_are_seen_in_units_of_their_spread():
    found = seen(compactness=3.0)[0].flatten(1)
    torch.testing.assert_close(found.mean(1), torch.zeros(4).double(), atol=1e-6, rtol=0)
    spread = found.std(1, correction=0)
    torch.testing.assert_close(spread[:2], torch.ones(2).double())
    assert float(spread[2:].square().mean().sqrt()) == pytest.approx(3)


def test_place_is_in_physical_units():
    found = seen((6, 9), spacing=(2.0, 1.0))[0]
    steps = found[2].diff(dim=1)[0, 0], found[3].diff(dim=0)[0, 0]
    assert float(steps[1] / steps[0]) == pytest.approx(2)


def test_pixels_without_data_are_not_seen():
    valid = torch.ones(1, 1, 6, 9, dtype=torch.bool)
    valid[..., 5:] = False
    found = seen(valid=valid)
    assert not found.masked_select(~valid).any()
    spread = found[0][:, valid[0, 0]].std(1, correction=0)
    torch.testing.assert_close(spread[:2], torch.ones(2).double())


def test_shrinking_averages_the_pixels_with_data():
    x = torch.arange(20.0).view(1, 1, 4, 5)
    small, none = _shrunk(x, None, 2)
    assert none is None
    assert small[0, 0].tolist() == [[3, 5, 6.5], [13, 15, 16.5]]
    valid = torch.ones(1, 1, 4, 5, dtype=torch.bool)
    valid[..., :2, 1:4] = False
    small, there = _shrunk(x * valid, valid, 2)
    assert small[0, 0].tolist() == [[2.5, 0, 6.5], [13, 15, 16.5]]
    assert there[0, 0].tolist() == [[True, False, True], [True, True, True]]
