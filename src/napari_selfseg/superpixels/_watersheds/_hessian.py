"""Second derivatives of an image, and how strongly it bends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["largest_eigenvalue"]


def largest_eigenvalue(
    image: NDArray[np.float32], steps: NDArray[np.float64]
) -> NDArray[np.float32]:
    r"""Return the largest eigenvalue of the Hessian at every pixel.

    Of a plane :math:`(H_{yy} + H_{xx}) / 2 + \sqrt{(H_{yy} - H_{xx})^2 / 4 + H_{xy}^2}`, of a
    volume by the cosines of Smith (1961), doi:10.1145/355578.366316.

    Parameters
    ----------
    image : ndarray of float32
        ``(*spatial)`` of two or three axes, smooth enough for differences of neighbours.
    steps : ndarray of float64
        ``(ndim,)`` sizes of a pixel.

    Returns
    -------
    ndarray of float32
        ``(*spatial)``.
    """
    H = _hessian(image, [np.float32(step) for step in steps])
    trace: NDArray[np.float32] = np.sum([H[k, k] for k in range(image.ndim)], axis=0)
    mean = trace / np.float32(image.ndim)
    if image.ndim == 2:
        half = (H[0, 0] - H[1, 1]) / 2
        plane: NDArray[np.float32] = mean + np.sqrt(half**2 + H[0, 1] ** 2)
        return plane
    return _of_three(H, mean)


def _hessian(
    image: NDArray[np.float32], steps: list[np.float32]
) -> dict[tuple[int, int], NDArray[np.float32]]:
    found = {}
    for one, step in enumerate(steps):
        found[one, one] = _second(image, one) / step**2
        slope = _first(image, one) / step
        for other in range(one + 1, image.ndim):
            found[one, other] = _first(slope, other) / steps[other]
    return found


def _first(image: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    found = np.zeros_like(image)
    rows, into = np.moveaxis(image, axis, 0), np.moveaxis(found, axis, 0)
    into[1:-1] = (rows[2:] - rows[:-2]) / 2
    return found


def _second(image: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    found = np.zeros_like(image)
    rows, into = np.moveaxis(image, axis, 0), np.moveaxis(found, axis, 0)
    into[1:-1] = rows[2:] - 2 * rows[1:-1] + rows[:-2]
    return found


def _of_three(
    H: dict[tuple[int, int], NDArray[np.float32]], mean: NDArray[np.float32]
) -> NDArray[np.float32]:
    a, b, c = (H[k, k] - mean for k in range(3))
    d, e, f = H[0, 1], H[0, 2], H[1, 2]
    p = np.sqrt((a**2 + b**2 + c**2 + 2 * (d**2 + e**2 + f**2)) / 6)
    determinant = a * (b * c - f**2) - d * (d * c - f * e) + e * (d * f - b * e)
    # Where nothing bends all eigenvalues are the mean, and the angle is any.
    r = determinant / np.maximum(2 * p**3, np.finfo(np.float32).tiny)
    found: NDArray[np.float32] = mean + 2 * p * np.cos(np.arccos(np.clip(r, -1, 1)) / 3)
    return found
