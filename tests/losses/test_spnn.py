"""The losses of SPNN and of the graph network against their equations, in NumPy loops."""

import numpy as np
import pytest
import torch

from napari_selfseg.losses import (
    clustering,
    edges,
    reconstruction,
    reconstructions,
    smoothness,
    total_variation,
)

B, N, C, H, W = 2, 4, 3, 5, 6


def images(seed=0, channels=C):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(B, channels, H, W, generator=generator, dtype=torch.float64)


def probabilities(seed=1):
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(B, N, H, W, generator=generator, dtype=torch.float64)).softmax(1)


def some():
    valid = torch.ones(B, 1, H, W, dtype=torch.bool)
    valid[0, 0, :2], valid[1, 0, :, 4:], valid[1, 0, 2, 2] = False, False, False
    return valid


def everywhere():
    return torch.ones(B, 1, H, W, dtype=torch.bool)


masks = pytest.mark.parametrize("valid", [None, some()], ids=["whole", "masked"])


def neighbours(valid):
    """Pairs of pixels that are neighbours and both count, with what lies between them."""
    for b, y, x in np.ndindex(B, H, W):
        for dy, dx in ((1, 0), (0, 1)):
            y2, x2 = y + dy, x + dx
            if y2 < H and x2 < W and valid[b, 0, y, x] and valid[b, 0, y2, x2]:
                yield (b, slice(None), y, x), (b, slice(None), y2, x2)


@masks
def test_clustering_is_equation_9(valid):
    P, counts = probabilities().numpy(), (everywhere() if valid is None else valid).numpy()
    pixels = [P[b, :, y, x] for b, y, x in np.argwhere(counts[:, 0])]
    entropy = np.mean([-(p * np.log(p)).sum() for p in pixels])
    P_s = [P[b][:, counts[b, 0]].mean(axis=1) for b in range(B)]
    uniformity = np.mean([(p * np.log(p)).sum() for p in P_s])
    assert float(clustering(probabilities(), 2.0, valid)) == pytest.approx(entropy + 2 * uniformity)


def test_clustering_is_least_for_certain_and_equal_superpixels():
    best = torch.eye(4)[torch.arange(12) % 4].T.reshape(1, 4, 3, 4)
    assert float(clustering(best, 2.0)) == pytest.approx(-2 * np.log(4))
    assert float(clustering(torch.full_like(best, 0.25), 2.0)) == pytest.approx(-np.log(4))
    one = torch.eye(4)[torch.zeros(12, dtype=int)].T.reshape(1, 4, 3, 4)
    assert float(clustering(one, 2.0)) == pytest.approx(0)


@masks
@pytest.mark.parametrize("sigma", [0.3, 10.0])
def test_smoothness_is_equation_10(valid, sigma):
    P, image = probabilities().numpy(), images().numpy()
    counts = everywhere() if valid is None else valid
    total = sum(
        np.abs(P[one] - P[other]).sum() * np.exp(-((image[one] - image[other]) ** 2).sum() / sigma)
        for one, other in neighbours(counts)
    )
    expected = total / int(counts.sum())
    assert float(smoothness(probabilities(), images(), sigma, valid)) == pytest.approx(expected)


def test_reconstructions_are_equation_12():
    image, I_tilde, I_P = (images(seed).numpy() for seed in range(3))
    expected = sum(((image - each) ** 2).sum() for each in (I_tilde, I_P)) / (B * C * H * W)
    found = reconstructions(*(images(seed) for seed in range(3)))
    assert float(found) == pytest.approx(expected)
    first = ((image - I_tilde) ** 2).sum() / (B * C * H * W)
    assert float(reconstruction(images(0), images(1))) == pytest.approx(first)


def distribution(image, counts, temperature):
    """Softmax of the Laplacian of a plane; neighbours that do not count are as the pixel."""
    response = {}
    for y, x in np.argwhere(counts):
        around = [
            image[y + dy, x + dx]
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            if 0 <= y + dy < H and 0 <= x + dx < W and counts[y + dy, x + dx]
        ]
        response[y, x] = np.exp((len(around) * image[y, x] - sum(around)) / temperature)
    total = sum(response.values())
    return np.array([each / total for each in response.values()])


@masks
@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_edges_are_equation_13(valid, temperature):
    counts = (everywhere() if valid is None else valid).numpy()
    divergences = []
    for b, c in np.ndindex(B, C):
        E, *others = (
            distribution(images(seed)[b, c].numpy(), counts[b, 0], temperature) for seed in range(3)
        )
        divergences.append(sum((E * np.log(E / each)).sum() for each in others))
    found = edges(*(images(seed) for seed in range(3)), temperature, valid)
    assert float(found) == pytest.approx(np.mean(divergences))


def test_edges_of_a_faithful_reconstruction_cost_nothing_and_a_shift_of_grey_neither():
    image = images()
    assert float(edges(image, image, image + 0.3, 0.1)) == pytest.approx(0, abs=1e-12)
    assert float(edges(image, image, image.roll(1, 3), 0.1)) > 0.1


@masks
def test_total_variation_is_equation_17(valid):
    M, counts = images(3, channels=5).numpy(), everywhere() if valid is None else valid
    total = sum(np.abs(M[one] - M[other]).sum() for one, other in neighbours(counts))
    found = total_variation(images(3, channels=5), valid)
    assert float(found) == pytest.approx(total / int(counts.sum()))


TERMS = {
    "clustering": lambda P, I_P: clustering(P, 2.0),
    "smoothness": lambda P, I_P: smoothness(P, images(), 10.0),
    "reconstructions": lambda P, I_P: reconstructions(images(), images(), I_P),
    "edges": lambda P, I_P: edges(images(), images(), I_P),
}


@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_the_slopes(name):
    logits = torch.randn(
        B, N, H, W, generator=torch.Generator().manual_seed(5), dtype=torch.float64
    )
    colours = images(7)[0, :, 0, :N].T

    def term(logits):
        P = logits.softmax(1)
        return TERMS[name](P, torch.einsum("bnhw,nc->bchw", P, colours))

    assert torch.autograd.gradcheck(term, logits.requires_grad_())


@masks
def test_pixels_that_do_not_count_change_nothing(valid):
    if valid is None:
        valid = some()
    P, image, others = probabilities(), images(), [images(1), images(2)]
    terms = (
        lambda P, image, a, b: clustering(P, 2.0, valid),
        lambda P, image, a, b: smoothness(P, image, 1.0, valid),
        lambda P, image, a, b: reconstructions(image, a, b, valid),
        lambda P, image, a, b: edges(image, a, b, 0.5, valid),
        lambda P, image, a, b: total_variation(P, valid),
    )
    changed = [each.masked_fill(~valid, 7.0) for each in (P, image, *others)]
    for term in terms:
        assert float(term(*changed)) == pytest.approx(float(term(P, image, *others)))


def test_certain_assignments_have_finite_gradients():
    logits = torch.zeros(1, 2, 3, 3)
    logits[:, 0] = 1e3
    logits.requires_grad_()
    clustering(logits.softmax(1), 2.0).backward()
    assert logits.grad.isfinite().all()
