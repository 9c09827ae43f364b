"""What a run has found so far, and stays valid when it has ended."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.hierarchy import Hierarchy
from napari_selfseg.outlines import IMAGE, Outlines
from napari_selfseg.protocol._method._finish import AS_BEGUN, Finish, FinishChoice, chosen
from napari_selfseg.protocol._method._method import Method, SuperpixelAlgorithm
from napari_selfseg.protocol._method._step import Stop
from napari_selfseg.protocol._results._ballot_box import BallotBox, Latest
from napari_selfseg.protocol._results._history import History, Losses
from napari_selfseg.protocol._results._merging_runs import agreeing
from napari_selfseg.protocol._results._outlining import Outlining
from napari_selfseg.protocol._results._projection import Projection
from napari_selfseg.record import with_cut, with_finish, with_outlines

__all__ = ["RunResults"]

HISTORY_BYTES = 256 << 20


class RunResults(ABC):
    """Labels, losses, votes, trees and the record of a run.

    Parameters
    ----------
    method : Method
        What runs.
    shapes : sequence of tuple of int
        Spatial shape of each image.
    superpixels : sequence of ndarray or None
        Superpixels of each image, int32 from 1; None where the method uses none.
    scribbles : sequence of ndarray or None
        Classes from 1 drawn on each image; None where nothing was.
    provenance : mapping
        What its record says from the beginning.
    outlining : Outlining
        Lets borders follow the images.
    after : RunResults, optional
        What an earlier run has found, which this one begins with.
    finish : Finish, optional
        What labels become that leave the run.
    """

    def __init__(
        self,
        method: Method,
        shapes: Sequence[tuple[int, ...]],
        superpixels: Sequence[NDArray[np.int32]] | None,
        scribbles: Sequence[NDArray[Any] | None],
        provenance: Mapping[str, Any],
        outlining: Outlining,
        after: RunResults | None,
        finish: Finish | None = None,
    ) -> None:
        self.method = method
        self.superpixels = None if superpixels is None else tuple(superpixels)
        self.scribbles = tuple(scribbles)
        self.level, self.finished_as = method.level, finish
        self.provenance = provenance
        self._projection = Projection(tuple(shapes), self.superpixels, method.n_classes)
        self._outlining = outlining
        self._history = History(HISTORY_BYTES)
        self._losses = Losses()
        self._votes = BallotBox(self._history)
        self._trees: tuple[Hierarchy, ...] = ()
        if after is not None:
            self._take_over(after)
        self._agreed = Latest[Hierarchy]()

    @property
    @abstractmethod
    def iteration(self) -> int:
        """Updates made so far."""

    @property
    @abstractmethod
    def stopped(self) -> Stop | None:
        """Why the run ended; None while it goes on."""

    @property
    def iterations(self) -> tuple[int, ...]:
        """Iterations whose labels are kept; 0 is the untrained network."""
        return self._history.iterations

    @property
    def losses(self) -> dict[str, dict[int, float]]:
        """Every loss term by iteration."""
        return self._losses.read()

    def labels(
        self,
        iteration: int | None = None,
        *,
        image: int = 0,
        outlines: Outlines | None = None,
        finish: FinishChoice = AS_BEGUN,
    ) -> NDArray[Any]:
        """Return the label map of an iteration.

        Parameters
        ----------
        iteration : int, optional
            One of `iterations`; the last one by default.
        image : int
            Which image, where several were fitted together.
        outlines : {"superpixels", "image"}, optional
            What borders follow; as the method says by default.
        finish : Finish, None or "as_begun"
            What the labels become; as was asked for when the run began by default.

        Returns
        -------
        ndarray of uint8, uint16 or, finished, uint32
            ``(*spatial)``, labels from 1, 0 where there are no data. A new array every time.

        Raises
        ------
        ValueError
            When that iteration was not kept, or there is no such image or no labels yet; or its
            outlines are asked for and it was changed since.
        """
        labels = self.project(self._history.find(iteration)[1], image)
        return self.outlined(labels, image=image, outlines=outlines, finish=finish)

    def outlined(
        self,
        labels: NDArray[Any],
        *,
        image: int = 0,
        scribbles: NDArray[Any] | None = None,
        outlines: Outlines | None = None,
        finish: FinishChoice = AS_BEGUN,
    ) -> NDArray[Any]:
        """Finish labels of an image of this run, such as a cut of its hierarchy.

        Parameters
        ----------
        labels : ndarray of int
            ``(*spatial)``, 0 where there are no data.
        scribbles : ndarray of int, optional
            What was drawn on keeps its label; the scribbles of the run by default.
        outlines, finish
            As for `labels`.

        Returns
        -------
        ndarray of int
            The labels themselves, or new ones: with borders that follow the image (see
            `napari_selfseg.outlines.refined`), of the same type, or finished.

        Raises
        ------
        ValueError
            When the image is another one than it was: a run keeps no copy of it.
        """
        if (outlines or self.method.outlines) == IMAGE:
            drawn = self.scribbles[image] if scribbles is None else scribbles
            labels = self._outlining(labels, image, drawn)
        wanted = chosen(finish, self.finished_as)
        return labels if wanted is None else self._outlining.finished(labels, image, wanted)

    def by_superpixel(self, votes: Tensor, image: int = 0) -> NDArray[Any]:
        """Return the votes of a step for the superpixels of one image.

        Parameters
        ----------
        votes : Tensor
            Of a `Step` of this run, which has superpixels.

        Returns
        -------
        ndarray of uint8 or uint16
            ``(n + 1,)``, counted from 1; entry 0 is 0.

        Raises
        ------
        ValueError
            When there is no such image, or there are no superpixels.
        """
        return self._projection.by_superpixel(votes, image)

    def project(self, votes: Tensor, image: int = 0) -> NDArray[Any]:
        """Turn the votes of a step into a label map.

        Parameters
        ----------
        votes : Tensor
            Of a `Step` of this run.

        Returns
        -------
        ndarray of uint8 or uint16
            As `labels`.

        Raises
        ------
        ValueError
            When there is no such image.
        """
        return self._projection(votes, image)

    @property
    def ballots(self) -> dict[str, list[Tensor]]:
        """Votes that the consensus counts, by family: those a method names, or its iterations."""
        return self._votes.read()

    @property
    def hierarchies(self) -> tuple[Hierarchy, ...]:
        """The last tree of segments of each image, of a method that makes its own; else nothing."""
        if self.superpixels is None:
            return ()
        return tuple(
            # Images of a fit are padded to one shape; its trees are on those.
            dataclasses.replace(each, superpixels=own)
            if own.shape != each.superpixels.shape
            else each
            for each, own in zip(self._trees, self.superpixels, strict=False)
        )

    def hierarchy(self, *, superpixels: Any = None, image: int = 0) -> Hierarchy:
        """Return the consensus of the iterations so far: segments at every granularity.

        Parameters
        ----------
        superpixels, image
            As in `merge`, of this run alone; a run without superpixels needs them given.

        Raises
        ------
        ValueError
            When there are no labels yet, or the superpixels do not fit or are missing.
        """
        return agreeing([self], superpixels=superpixels, image=image)

    def cut(
        self,
        n_segments: int | None = None,
        *,
        level: float | None = None,
        bias: float | None = None,
        image: int = 0,
        outlines: Outlines | None = None,
        finish: FinishChoice = AS_BEGUN,
    ) -> NDArray[Any]:
        """Cut the consensus of the iterations so far into segments.

        Parameters
        ----------
        n_segments, level, bias
            One of them, as in `Hierarchy.cut`; with none the number of segments is found.
        image : int
            Which image, where several were fitted together.
        outlines, finish
            As for `labels`.

        Returns
        -------
        ndarray of uint8, uint16 or uint32
            ``(*spatial)``, connected segments from 1, 0 where there are no data.

        Raises
        ------
        ValueError
            As in `hierarchy`, `Hierarchy.cut` and `labels`.
        """
        # The number of steps tells whether the run has gone on since.
        asked = (self._votes.steps, image)
        hierarchy = self._agreed.get(asked, lambda: self.hierarchy(image=image))
        found = hierarchy.cut(n_segments, level=level, bias=bias)
        return self.outlined(found, image=image, outlines=outlines, finish=finish)

    def record(
        self,
        iteration: int | None = None,
        *,
        n_segments: int | None = None,
        superpixels: SuperpixelAlgorithm | None = None,
        scribbles: NDArray[Any] | None = None,
        outlines: Outlines | None = None,
        finish: FinishChoice = AS_BEGUN,
    ) -> dict[str, Any]:
        """Return all that is needed to make these labels again.

        Parameters
        ----------
        iteration : int, optional
            The iteration that is shown; the last one by default.
        n_segments : int, optional
            Instead: how many segments the consensus of all iterations is cut into, as in `cut`.
        superpixels : SuperpixelAlgorithm, optional
            What was given to `hierarchy`, where the run has no superpixels.
        scribbles : ndarray of int, optional
            What the consensus was bound to (`Hierarchy.bound`), where it was.
        outlines, finish
            As for `labels`, where labels were asked for so.

        Returns
        -------
        dict
            For `napari_selfseg.record.dumps`.

        Raises
        ------
        ValueError
            When that iteration was not kept, or both an iteration and segments are asked for.
        """
        if n_segments is not None:
            if iteration is not None:
                raise ValueError("A cut is of all iterations: leave out which one is shown.")
            given = None if superpixels is None else superpixels.as_dict()
            last = self.record(outlines=outlines, finish=finish)
            return with_cut(last, n_segments, given, scribbles)
        outlined = with_outlines(self.provenance, outlines or self.method.outlines)
        wanted = chosen(finish, self.finished_as)
        return {
            **with_finish(outlined, None if wanted is None else wanted.as_dict()),
            # Those that are still found are no part of what is recorded now.
            "ways": dict(self.provenance.get("ways", {})),
            "iterations": self.iteration,
            "shown": self._shown(iteration),
            "stop": None if self.stopped is None else dataclasses.asdict(self.stopped),
        }

    def _shown(self, iteration: int | None) -> int:
        nothing_yet = iteration is None and not self.iterations
        return 0 if nothing_yet else self._history.find(iteration)[0]

    def _take_over(self, before: RunResults) -> None:
        """Begin with all that a run has found, which keeps it as well."""
        self._history, self._losses = before._history.copy(), before._losses.copy()
        self._votes = before._votes.copy(self._history)
        self._trees = before._trees
