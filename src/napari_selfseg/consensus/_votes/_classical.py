"""Votes of the label maps that need no network: clusters, and regions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from torch import Tensor

from napari_selfseg.consensus._settings import Settings
from napari_selfseg.consensus._sources import SOURCES, Parts, Whole
from napari_selfseg.consensus._votes._evidence import Evidence
from napari_selfseg.protocol import Ballot, Found, small
from napari_selfseg.superpixels._watersheds._lines import polarity_of

__all__ = ["ballot_of", "classical_votes"]


def classical_votes(
    settings: Settings,
    evidence: Evidence,
    x: Tensor,
    valid: Tensor | None,
    check: Callable[[], None] = lambda: None,
    known: Sequence[Found] = (),
) -> Iterator[Ballot]:
    """Let the maps vote that need no network, one after the other."""
    images = x.movedim(1, -1).cpu().numpy()
    masks = [None] * len(images) if valid is None else list(valid[:, 0].cpu().numpy())
    pictures = [
        Whole(image, np.ones(image.shape[:-1], bool) if mask is None else mask)
        for image, mask in zip(images, masks, strict=True)
    ]
    how = {"polarity": polarity_of(settings.structure)}
    parts = [Parts(each, settings.seed, check, **how) for each in pictures]
    for part, found in zip(parts, known, strict=False):
        part.remember(found)
    evidence.see(parts)
    # Where the lines decide, one map is enough for what asks how sure a border is.
    sources = SOURCES[:1] if evidence.of_lines(settings.structure) else SOURCES
    for source in sources if settings.classical else ():
        for votes in evidence.hear(source):
            yield ballot_of(source.family, votes)


def ballot_of(family: str, votes: Tensor) -> Ballot:
    """Return votes as a ballot, in the smallest type that holds them."""
    return Ballot(family, small(votes, int(votes.max())))
