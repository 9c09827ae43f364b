"""What the networks of SGSeg compute, move and keep, from their sizes.

The graph network, with some ten nodes for a thousand pixels, takes next to nothing beside them.
"""

from __future__ import annotations

from itertools import pairwise

from napari_selfseg.nets.segmenter import GROWTH
from napari_selfseg.nets.sgseg import Before, n_features
from napari_selfseg.nets.superae_work import Work

# Maps of N superpixels that exist at once: logits, probabilities and their logarithm, differences,
# and gradients.
ASSIGNMENTS = 7
# Passes over such a map, forward and backward.
PASSES = 30


def spnn_work(in_channels: int, itemsize: int, width: int, superpixels: int) -> Work:
    """Return the work of `SPNN`, its losses, and what its superpixels hand on.

    Parameters
    ----------
    in_channels, itemsize : int
        As in a `Problem`.
    width : int
        Channels of the first layer.
    superpixels : int
        Superpixels N.

    Returns
    -------
    Work
        Of an update; a forward is a third of its operations.
    """
    w, both = width, superpixels + in_channels
    features = n_features(in_channels, w)
    taps = 25 * in_channels * w + 9 * 42 * w**2 + 216 * w + 1728 * w**2 + 8 * w * both
    taps += superpixels * (2 * in_channels + 2 * features)
    # Before and after each normalisation; the atrous maps and their concatenation.
    maps = 2 * (1 + 2 + 4 + 8 + 8) * w + 2 * 24 * w
    moved = maps * 8 * itemsize + superpixels * PASSES * 4
    kept = maps * itemsize + superpixels * ASSIGNMENTS * 4 + features * 8
    return Work(6 * taps, moved, kept)


def cnn_work(in_channels: int, itemsize: int, width: int, classes: int, before: Before) -> Work:
    """Return the work of `Segmenter` in two orders, with its losses.

    Parameters
    ----------
    in_channels, itemsize : int
        As in a `Problem`.
    width : int
        Channels of the first layer.
    classes : int
        Classes k.
    before : {"none", "superpixels", "pointnet", "dgcnn", "diffgcn"}
        What comes before it.

    Returns
    -------
    Work
        Of an update; a forward in inference is a sixth of its operations.
    """
    w, both = width, classes + in_channels
    widths = [w, *(w * each for each in GROWTH)]
    blocks = sum(9 * p * q + 5 * q**2 for p, q in pairwise(widths))
    taps: float = 9 * (in_channels + handed_on(in_channels, w, before)) * w + 9 * both * in_channels
    taps += (blocks + widths[-1] * both + both**2) / 4
    # Of a residual block: five normalised and two sums, each before and after.
    maps = 2 * w + sum(12 * q for q in widths[1:]) / 4
    small = both * 3 + classes * 6
    moved = 2 * (maps * 8 * itemsize + small * 16)
    kept = 2 * (maps * itemsize + small * 4) + handed_on(in_channels, w, before) * 2 * itemsize
    return Work(2 * 6 * taps, moved, kept)


def handed_on(in_channels: int, width: int, before: Before) -> int:
    """Return how many features the CNN is given beside the image."""
    if before == "none":
        return 0
    return n_features(in_channels, width) if before == "superpixels" else width
