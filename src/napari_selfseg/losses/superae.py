"""Losses of the superpixelwise autoencoder."""

from __future__ import annotations

from torch import Tensor

from napari_selfseg.regions import project


def reconstruction(x: Tensor, x_r: Tensor, valid: Tensor | None = None) -> Tensor:
    r"""Mean squared error of a reconstruction, the first term of equation 1.

    .. math:: L = \frac{1}{N C} \sum_{i=1}^N \| x_i - x^R_i \|^2

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
        Images.
    x_r : Tensor, shape (N, C, *spatial)
        Their reconstruction.
    valid : Tensor of bool, shape (N, 1, *spatial), optional
        The pixels that count; None means all.

    References
    ----------
    Lin, Zhong and Lu, Deep superpixel cut for unsupervised image segmentation, 2021,
    doi:10.48550/arXiv.2103.06031, equation 1.
    """
    squares = (x - x_r).square()
    return squares.mean() if valid is None else _mean(squares, valid)


def template(x_r: Tensor, v: Tensor, index: Tensor) -> Tensor:
    r"""Mean squared distance of a reconstruction to its superpixels, the rest of equation 1.

    .. math:: L = \frac{1}{N C} \sum_{i=1}^N \sum_{j=1}^M t_{ij} \| x^R_i - v_j \|^2

    The sums of equation 1 are both written as means, so that lambda weighs what it weighs there.

    Parameters
    ----------
    x_r : Tensor, shape (N, C, *spatial)
        Reconstruction.
    v : Tensor, shape (M + 1, C)
        Colour of each superpixel (equation 2), as from `napari_selfseg.regions.mean`.
    index : Tensor of int64, shape (N, *spatial)
        Superpixel of each pixel, from 1; pixels of 0 do not count.

    References
    ----------
    doi:10.48550/arXiv.2103.06031, equations 1 and 2.
    """
    squares = (x_r - project(v, index).movedim(-1, 1)).square()
    return _mean(squares, (index > 0).unsqueeze(1))


def _mean(values: Tensor, valid: Tensor) -> Tensor:
    return (values * valid).sum() / (valid.sum() * values.shape[1]).clamp(min=1)
