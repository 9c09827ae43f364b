"""What the iterations of a run agree on: made in a worker thread, cut into segments in no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from napari_selfseg.hierarchy import Hierarchy
    from napari_selfseg.protocol import Run
    from napari_selfseg.widgets.model.request import Request

__all__ = ["Agreement", "Agreements", "Cut", "Moment", "Turns", "agreed"]

# A run that goes on shares the processor with its agreements, and may lose this much of it.
SHARE: Final = 1 / 3
PAUSE: Final = 1.0
BOUND: Final = "Your strokes since the run count."


class Moment:
    """A run as it was after a step, with the record of that step; the run may go on."""

    def __init__(self, run: Run, record: Mapping[str, Any]) -> None:
        self.superpixels = run.superpixels
        self.scribbles = run.scribbles
        self.level = run.level
        self.record = record
        self.hierarchies = run.hierarchies
        self._ballots = run.ballots
        self._run = run

    @property
    def ballots(self) -> dict[str, list[Tensor]]:
        """See `Run.ballots`."""
        return self._ballots

    def by_superpixel(self, votes: Tensor, image: int = 0) -> NDArray[Any]:
        """See `Run.by_superpixel`."""
        return self._run.by_superpixel(votes, image)

    def project(self, votes: Tensor, image: int = 0) -> NDArray[Any]:
        """See `Run.project`."""
        return self._run.project(votes, image)


@dataclass(frozen=True, eq=False)
class Agreement:
    """What the iterations of a run up to a moment agree on.

    Attributes
    ----------
    hierarchy : Hierarchy
        Segments at every granularity.
    record : mapping
        Of the moment.
    pieces : mapping or None
        The superpixels the segments are made of, where the run has none.
    maps : int
        How many label maps were compared.
    before : ndarray of int or None
        What was drawn for the run.
    scribbles : ndarray of int or None
        What it was bound to since; None where nothing else was drawn.
    """

    hierarchy: Hierarchy
    record: Mapping[str, Any]
    pieces: Mapping[str, Any] | None
    maps: int
    before: NDArray[Any] | None = None
    scribbles: NDArray[Any] | None = None

    @property
    def drawn(self) -> NDArray[Any] | None:
        """Classes from 1 that have their number in every cut; None where nothing is drawn."""
        found = self.before if self.scribbles is None else self.scribbles
        return found if found is not None and found.any() else None

    def bound(self, scribbles: NDArray[Any]) -> Agreement:
        """Bind it to other strokes, whose classes are from 1."""
        found = replace(self, hierarchy=self.hierarchy.bound(scribbles), scribbles=scribbles)
        _ = found.automatic
        return found

    @property
    def fewest(self) -> int:
        """How few segments there can be."""
        return self.hierarchy.tree.fewest

    @property
    def most(self) -> int:
        """How many segments there can be."""
        return self.hierarchy.tree.most

    @property
    def automatic(self) -> int:
        """How many there are when nobody says it."""
        return self.hierarchy.automatic

    @property
    def sentence(self) -> str:
        """What it was made of."""
        until = f" up to iteration {self.record['shown']}" if self.record["shown"] else ""
        strokes = "" if self.scribbles is None else BOUND
        return agreed(self.hierarchy.words, self.maps, until, strokes)

    def cut(self, n_segments: int | None) -> Cut:
        """Cut it into segments.

        None is the automatic number; otherwise the nearest possible one is taken.
        """
        wanted = self.automatic if n_segments is None else n_segments
        return Cut(self, min(max(wanted, self.fewest), self.most))


def agreed(words: str, maps: int, until: str = "", strokes: str = "") -> str:
    """Say what a tree was made of; `words` say which kind it is."""
    counted = "1 label map" if maps == 1 else f"{maps} label maps"
    return " ".join(filter(None, (words, f"What {counted}{until} agree on.", strokes)))


@dataclass(frozen=True)
class Cut:
    """An agreement, cut into a number of segments."""

    agreement: Agreement
    n_segments: int

    def labels(self) -> NDArray[Any]:
        """Return the label map; takes milliseconds for millions of pixels."""
        return self.agreement.hierarchy.cut(self.n_segments)

    @property
    def record(self) -> dict[str, Any]:
        """How to make it again."""
        from napari_selfseg.record import with_cut

        made = self.agreement
        return with_cut(made.record, self.n_segments, made.pieces, made.scribbles)


class Agreements:
    """Makes the agreements of one run. Call it in a worker thread, one at a time."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._pieces: NDArray[np.int32] | None = None

    def __call__(self, moment: Moment) -> Agreement:
        """Make the agreement of a moment of this run.

        Raises
        ------
        ValueError
            When there are no labels, or the image cannot be cut into superpixels.
        """
        from napari_selfseg.catalogue import PIECES
        from napari_selfseg.protocol import merge_runs

        alone = moment.superpixels is None
        found = merge_runs(moment, superpixels=self._over_segmented() if alone else None)
        maps = sum(map(len, moment.ballots.values()))
        pieces = PIECES.as_dict() if alone else None
        made = Agreement(found, moment.record, pieces, maps, moment.scribbles[0])
        # The tree is made when it is first asked for: here, and not in the main thread.
        _ = made.automatic
        return made

    def _over_segmented(self) -> NDArray[np.int32]:
        from napari_selfseg.catalogue import PIECES, over_segment

        if self._pieces is None:
            given = self.request.arrays()
            where = {key: given[key] for key in ("channel_axis", "mask", "spacing")}
            self._pieces, _ = over_segment(given["image"], PIECES, **where)
        return self._pieces


class Turns:
    """Says when a run that goes on may be read again."""

    def __init__(self) -> None:
        self._next = 0.0

    def due(self, now: float) -> bool:
        """Say whether it is time.

        Parameters
        ----------
        now : float
            Seconds of a monotonic clock.
        """
        return now >= self._next

    def took(self, began: float, now: float) -> None:
        """Note how long the last one took: the slower they are, the fewer are made.

        Parameters
        ----------
        began, now : float
            Seconds of the same clock.
        """
        self._next = now + max(PAUSE, (now - began) * (1 - SHARE) / SHARE)
