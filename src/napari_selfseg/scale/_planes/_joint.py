"""One fit on planes spread over a stack, applied to every plane."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.protocol import Fit, Step, Stop
from napari_selfseg.remedies import PLANES
from napari_selfseg.scale._planes._carrying import Carrying, Found

__all__ = ["Joint"]

# Planes of the common fit; they are in memory together.
FITTED = 5


class Joint(Carrying):
    """Ids are the classes of one fit, which is made on a few planes.

    Where labels are segments and no classes, each plane has segments of its own, made with the
    common weights and a single update, and ids are matched by overlap.

    Attributes
    ----------
    wanted : int
        How many planes the fit should be made on.
    fitted : list of int
        Which these were.
    stop : Stop or None
        Why the fit ended.
    """

    def __init__(self, *args: Any, planes_fitted: int | None = None) -> None:
        super().__init__(*args)
        self.wanted = planes_fitted or FITTED
        self.fitted: list[int] = []
        self.stop: Stop | None = None
        self.iterations = 0
        self.unfinished: dict[int, NDArray[Any]] = {}

    def prepare(self, viewed: Callable[[], int]) -> Iterator[tuple[int, Step]]:
        """Fit; what is shown is the fitted plane that is nearest to the one in view."""
        self.fitted = self._chosen()
        at = viewed()
        # Of the planes that are fitted, show the one nearest to the view.
        shown = int(np.argmin([abs(k - at) for k in self.fitted]))
        run = self.request.run(self.fitted, self.request.method)
        self._look = lambda step: run.project(step.votes, shown)
        with self.relay.on(run, settle=False):
            for step in run:
                yield self.fitted[shown], step
        self._look, self.stop, self.iterations = None, run.stopped, run.iteration
        if self.stop is not None and self.stop.kind != "abandoned":
            self.fit = run.fit
            if self.stop.kind == "asked":
                self.unfinished = {k: run.labels(image=i) for i, k in enumerate(self.fitted)}

    def plane(self, plane: int) -> Generator[Step, None, Found | None]:
        """Apply the fit to a plane."""
        if self.fit is None or self.stop is None:
            return None
        if self.request.method.numbered_anew:
            return (yield from self._segmented(plane, self.fit))
        labels = self.request.predict(self.fit, plane).astype(np.int64)
        anew = self.request.numbered_anew
        ids = self._by_overlap(plane)(labels) if anew else labels
        return Found(ids, Stop("finished", "The common fit was applied."), 0)

    def _segmented(self, plane: int, common: Fit) -> Generator[Step, None, Found | None]:
        # Segments are found by a run on the plane itself, which begins with the common weights.
        once = self.request.method.replace(iterations=1)
        run = self.request.run([plane], once, common)
        drained = yield from self._drained(run, self._by_overlap(plane))
        # Each plane ends with a fit of its own; the one of the stack is the common one.
        self.fit = common
        return None if drained is None else drained[1]

    def _chosen(self) -> list[int]:
        """Spread planes evenly, those in the middle of equal parts, and leave out bad ones."""
        n = len(self.request.planes)
        # The middles of equal stretches of the stack.
        spread = (np.arange(min(self.wanted, n)) + 0.5) * n / min(self.wanted, n)
        good = [int(k) for k in spread if self.request.usable(int(k))]
        if not good:
            raise ValueError(
                "None of the planes to be fitted can be used (they are constant, or have NaN): "
                f"{PLANES}."
            )
        return good
