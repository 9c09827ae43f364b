r"""Objects of several kinds: found kind by kind, and each of the kind it is most like.

With the mean likelihood :math:`\bar P_k` of its pixels, as the network of the kind k sees them, and
its distance :math:`d_k` from the examples of that kind, an object is worth, as one of that kind,

.. math:: w_k = \frac{\bar P_k}{1 + d_k^2}.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.instances._like._likeness import described, distances
from napari_selfseg.instances._like._shared import together
from napari_selfseg.instances._network import ObjectNetwork
from napari_selfseg.instances._resolution import enlarged
from napari_selfseg.instances._seen import Seen, Wanted

__all__ = ["found_together", "kinds_of"]


def found_together(
    networks: Sequence[ObjectNetwork], seen: Seen, wanted: Wanted
) -> NDArray[np.int32]:
    """Find objects of all kinds, one network a kind."""
    found = [N.find(seen, wanted).labels for N in networks]
    if len(found) == 1:
        return found[0]
    worth = [worth_of(N, seen, labels) for N, labels in zip(networks, found, strict=True)]
    return together(found, worth)


def kinds_of(
    networks: Sequence[ObjectNetwork], seen: Seen, labels: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the number of the network, from 0, that each of the objects 1 to n is most like."""
    worth = np.stack([worth_of(N, seen, labels) for N in networks])
    return np.asarray(worth.argmax(axis=0), np.int64)


def worth_of(N: ObjectNetwork, seen: Seen, labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return what each object is worth as one of the kind of a network."""
    sizes, inside = described(labels, seen.image, 1)
    likely = np.ones(len(sizes))
    if N.learned:
        coarse = N.likelihood(seen.coarse(N.steps).image)
        whole = enlarged(coarse, labels.shape, N.steps)
        likely = described(labels, whole[None], 1)[1][:, 0]
    examples = N.examples
    if not len(examples.sizes):
        return likely
    d = distances(sizes, inside, examples)
    return np.asarray(likely / (1 + d**2))
