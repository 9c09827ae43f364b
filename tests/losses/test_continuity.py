"""Continuity against loops over the pixels."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_selfseg.losses import continuity

SHAPES = [(2, 3, 5, 4), (1, 2, 3, 4, 2), (1, 2, 1, 6)]


def image(shape: tuple[int, ...], seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def looped(y: np.ndarray, valid: np.ndarray) -> float:
    total = 0.0
    for axis in range(2, y.ndim):
        differences = []
        for n in itertools.product(*map(range, y.shape)):
            m = (*n[:axis], n[axis] + 1, *n[axis + 1 :])
            if m[axis] < y.shape[axis] and valid[n[0], 0, *n[2:]] and valid[m[0], 0, *m[2:]]:
                differences.append(abs(y[m] - y[n]))
        total += np.mean(differences) if differences else 0.0
    return total


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_value_is_that_of_the_loops(shape, masked):
    y = image(shape)
    valid = image((shape[0], 1, *shape[2:]), seed=1) > 0
    everywhere = torch.ones_like(valid)
    loss = continuity(y, valid if masked else None)
    expected = looped(y.numpy(), (valid if masked else everywhere).numpy())
    assert float(loss) == pytest.approx(expected)
    assert looped(y.numpy(), valid.numpy()) != pytest.approx(
        looped(y.numpy(), everywhere.numpy())
    ), "test invalid"


@pytest.mark.parametrize("masked", [True, False])
def test_gradient_is_the_slope(masked):
    y, valid = image((1, 2, 4, 3)).requires_grad_(), image((1, 1, 4, 3), seed=1) > -0.5
    assert torch.autograd.gradcheck(lambda y: continuity(y, valid if masked else None), y)


def test_invalid_pixels_may_hold_anything():
    y, valid = image((1, 2, 4, 3)), torch.ones(1, 1, 4, 3, dtype=torch.bool)
    valid[..., 1, 1] = False
    before = continuity(y, valid)
    y[..., 1, 1] = 1e6
    assert continuity(y, valid) == before
    assert not continuity(y, torch.zeros_like(valid))
