"""The losses of the autoencoder against loops over the pixels."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_selfseg.losses import reconstruction, template
from napari_selfseg.regions import mean

SHAPES = [(2, 3, 4, 5), (1, 2, 3, 4, 2)]


def images(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def superpixels(shape: tuple[int, ...]) -> Tensor:
    """Four of them, and pixels of none."""
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 5, (shape[0], *shape[2:]), generator=generator)


def looped(x: np.ndarray, x_r: np.ndarray, t: np.ndarray, of: np.ndarray) -> tuple[float, float]:
    """Equation 1 over the pixels with data, with equation 2 of the image `of`."""
    places = [n for n in itertools.product(*map(range, t.shape)) if t[n]]
    at = [(n[0], slice(None), *n[1:]) for n in places]
    v = {j: np.mean([of[a] for n, a in zip(places, at, strict=True) if t[n] == j], axis=0)
         for j in range(1, 5)}  # fmt: skip
    first = np.mean([(x[a] - x_r[a]) ** 2 for a in at])
    second = np.mean([(x_r[a] - v[t[n]]) ** 2 for n, a in zip(places, at, strict=True)])
    return first, second


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("of", ["image", "reconstruction"])
def test_value_is_that_of_the_loops(shape, of):
    x, x_r, t = images(shape, 0), images(shape, 1), superpixels(shape)
    chosen = x if of == "image" else x_r
    expected = looped(x.numpy(), x_r.numpy(), t.numpy(), chosen.numpy())
    valid = (t > 0).unsqueeze(1)
    assert float(reconstruction(x, x_r, valid)) == pytest.approx(expected[0])
    assert float(template(x_r, mean(chosen, t, 4), t)) == pytest.approx(expected[1])


def test_all_pixels_count_without_a_mask():
    x, x_r = images(SHAPES[0], 0), images(SHAPES[0], 1)
    assert float(reconstruction(x, x_r)) == pytest.approx(float(((x - x_r) ** 2).mean()))


def test_smooth_superpixels_are_what_the_template_wants():
    t = torch.tensor([[[1, 1, 2], [1, 2, 2]]])
    x = images((1, 2, 2, 3), 0)
    smooth = mean(x, t, 2)[t].movedim(-1, 1)
    assert float(template(smooth, mean(x, t, 2), t)) == 0
    assert float(template(x, mean(x, t, 2), t)) > 0.001, "test invalid"


def test_gradients_are_the_slopes():
    shape = (1, 2, 3, 4)
    x, x_r, t = images(shape, 0), images(shape, 1).requires_grad_(), superpixels(shape)
    valid = (t > 0).unsqueeze(1)
    assert torch.autograd.gradcheck(lambda y: reconstruction(x, y), x_r)
    assert torch.autograd.gradcheck(lambda y: reconstruction(x, y, valid), x_r)
    assert torch.autograd.gradcheck(lambda y: template(y, mean(x, t, 4), t), x_r)
    assert torch.autograd.gradcheck(lambda y: template(y, mean(y, t, 4), t), x_r)


def test_pixels_without_data_may_hold_anything_and_all_may_lack_them():
    shape = SHAPES[0]
    x, x_r, t = images(shape, 0), images(shape, 1), superpixels(shape)
    valid, v = (t > 0).unsqueeze(1), mean(images(shape, 2), t, 4)
    before = float(reconstruction(x, x_r, valid)), float(template(x_r, v, t))
    x_r = torch.where(valid, x_r, 1e6)
    assert (float(reconstruction(x, x_r, valid)), float(template(x_r, v, t))) == before
    none = torch.zeros_like(t)
    assert reconstruction(x, x_r, none.bool().unsqueeze(1)) == template(x_r, v, none) == 0
