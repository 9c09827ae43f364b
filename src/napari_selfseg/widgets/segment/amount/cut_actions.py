"""The slider over segments of an image that was labelled by tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.canvas.columns import annotated
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.large.layer_cuts import LayerCuts
from napari_selfseg.widgets.large.tile_session import TileSession
from napari_selfseg.widgets.segment.amount.paced import Paced
from napari_selfseg.widgets.views.controls import Controls
from napari_selfseg.widgets.work.agreement import agreed
from napari_selfseg.widgets.work.task import Begin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CutActions"]

# What takes longer is cut in a thread, so that the slider does not wait for it.
QUICK: Final = 0.03
WHAT: Final = "Finding segments"
BORDERS: Final = "By tiles it is not kept how sure the borders are."
EDITED: Final = (
    "You painted on these labels, or added columns to their table, which another number of "
    "segments would undo: save them, or press Run for others."
)
NETWORKS: Final = (
    "By tiles the slider from few to many is there for Consensus without networks. Of other "
    "methods only the last labels of the whole image are known, and not what belongs together."
)


class CutActions:
    """Cuts the tree of a large image into as many segments as the slider says.

    Parameters
    ----------
    begin : callable
        Begins what takes long.
    shown : callable
        Called when another number is shown.
    """

    def __init__(self, controls: Controls, begin: Begin, shown: Callable[[], None]) -> None:
        self._shown = shown
        self._controls, self._view, self._begin = controls, controls.shown, begin
        self._session: TileSession | None = None
        self._cuts: LayerCuts | None = None
        self._chosen: int | None = None
        self._making = False
        self._paced = Paced(controls, self._paint)
        granularity = self._view.granularity
        granularity.moved.connect(self._on_number)
        granularity.automatic.clicked.connect(lambda: self._on_number(None))

    def put(self, session: LargeSession | None) -> None:
        """Offer the segments of tiles that are all there, or say why there is no choice."""
        self._paced.stop()
        if self._session is not None:
            self._session.layer.events.paint.disconnect(self._on_paint)
        self._session, self._cuts, self._chosen, self._making = None, None, None, False
        if not isinstance(session, TileSession) or session.unfinished:
            return
        if session.cuttable:
            self._session = session
            session.layer.events.paint.connect(self._on_paint)
            self._prepare(session)
        elif not session.objects:
            self._view.offer(False, NETWORKS)

    def _prepare(self, session: TileSession) -> None:
        """Read the tree; meanwhile the slider is there and waits."""

        def put(found: LayerCuts) -> None:
            if session is self._session:
                self._cuts = session.cuts = found
                self._offer(found)

        self._view.suit(makes_segments=True)
        self._view.segments.setChecked(True)
        self._view.granularity.show_waiting()
        self._view.offer(True)
        self._view.end()
        self._begin(session.read_cuts, put, WHAT)

    def _offer(self, found: LayerCuts) -> None:
        cuts, granularity = found.cuts, self._view.granularity
        granularity.offer(cuts.fewest, cuts.most, cuts.automatic, BORDERS)
        self._chosen = None if cuts.wanted == cuts.automatic else cuts.wanted
        self._show_number(cuts.wanted)
        if self._edited:
            granularity.refuse(EDITED)

    @property
    def _edited(self) -> bool:
        session = self._session
        if session is None:
            return False
        return bool(session.layer.metadata[METADATA].get("edited")) or annotated(session.layer)

    def _on_paint(self, event: object = None) -> None:
        if self._cuts is not None:
            self._paced.stop()
            self._view.granularity.refuse(EDITED)

    def _on_number(self, n_segments: int | None) -> None:
        if self._cuts is not None:
            self._chosen = n_segments
            self._paced.ask()

    def _paint(self) -> None:
        found, chosen = self._cuts, self._chosen
        if found is None or self._making:
            return
        n = found.cuts.automatic if chosen is None else chosen
        self._show_number(n)
        if found.took <= QUICK:
            self._show(found, found.labels(n), n)
            return

        def work() -> NDArray[np.uint32] | Exception:
            try:
                return found.labels(n)
            except Exception as error:  # told in `put`, so that others can be made
                return error

        def put(labels: NDArray[np.uint32] | Exception) -> None:
            if found is not self._cuts:
                return
            self._making = False
            if isinstance(labels, Exception):
                raise labels
            self._show(found, labels, n)
            # Meanwhile the slider may have gone on.
            if chosen != self._chosen:
                self._paint()

        self._making = True
        self._begin(work, put, WHAT)

    def _show(self, found: LayerCuts, labels: Any, n: int) -> None:
        session = self._session
        if session is None:
            return
        if self._edited:
            self._view.granularity.refuse(EDITED)
            return
        self._paced.begin()
        found.show(session.layer, session.request.index, labels, n)
        self._shown()
        self._paced.end()

    def _show_number(self, n: int) -> None:
        if self._cuts is not None:
            cuts = self._cuts.cuts
            words = agreed(cuts.words, cuts.maps)
            self._view.granularity.show_number(n, self._chosen is None, words)
