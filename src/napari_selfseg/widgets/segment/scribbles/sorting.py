"""After a run: which of the kinds that strokes showed each object is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from napari_selfseg.widgets.model.scribbled.sorted import Sorted, names_of, sorted_objects, sorts
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.task import Begin

__all__ = ["Sorting"]


class Sorting:
    """Sorts the objects that are shown, one label map at a time.

    Parameters
    ----------
    current : callable
        Returns what is worked on by then; None where that is nothing.
    put : callable
        Called with the objects in their kinds, and the names of these.
    """

    def __init__(
        self,
        begin: Begin,
        current: Callable[[], Outcome | None],
        put: Callable[[Sorted, Mapping[int, str]], None],
    ) -> None:
        self._begin, self._current, self._put = begin, current, put
        self._busy = self._again = False

    def look(self) -> None:
        """Sort the objects that are shown now."""
        outcome = self._current()
        if self._busy or outcome is None or not outcome.objects or not sorts(outcome.run):
            self._again = self._busy
            return
        try:
            labels = outcome.labels()
        except ValueError:  # somebody gave the layer others: there is nothing to sort
            return
        self._busy, shown = True, (outcome, outcome.version)
        asked = partial(sorted_objects, outcome.run, outcome.request, labels)

        def work() -> Sorted | Exception | None:
            try:
                return asked()
            except Exception as error:  # told in `_take`, so that others can be sorted
                return error

        self._begin(work, lambda found: self._take(shown, found), "Sorting the objects")

    def _take(self, shown: tuple[Outcome, int], found: Sorted | Exception | None) -> None:
        self._busy = False
        if isinstance(found, Exception):
            raise found
        outcome = self._current()
        if self._again or outcome is None or shown != (outcome, outcome.version):
            self._again = False
            self.look()
        elif found is not None:
            self._put(found, names_of(outcome.run))
