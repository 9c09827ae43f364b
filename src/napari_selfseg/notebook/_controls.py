"""The button that stops work, and the slider over the segments of a run, where ipywidgets is."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from typing import Any, Final

from napari_selfseg.pictures.cards import Card
from napari_selfseg.protocol import Run
from napari_selfseg.work import Work

__all__ = ["GET_IT", "Controls", "controls_for"]

GET_IT: Final = "pip install 'napari-selfseg[notebook]'"
# Segments at the end of the slider, where there are more.
MOST: Final = 200
Show = Callable[[Card], None]


def controls_for(work: Work[Any], *, button: bool) -> Controls | None:
    """Show the controls of work; None where there is no ipywidgets.

    `button` is False while a cell waits: kernels do not hear of buttons then.
    """
    if importlib.util.find_spec("ipywidgets") is None:
        return None
    return Controls(work, button=button)


class Controls:
    """A button while work goes on, and a slider after that, in one place below the card."""

    def __init__(self, work: Work[Any], *, button: bool) -> None:
        import ipywidgets
        from IPython.display import display

        self._work, self._box = work, ipywidgets.HBox()
        if button:
            stop = ipywidgets.Button(description="Stop", tooltip="Keep what was found")
            stop.on_click(lambda _: work.stop())
            self._box.children = (stop,)
        display(self._box)

    def end(self, show: Show) -> None:
        """Replace the button by the slider, where work has segments.

        `show` replaces the last card.
        """
        slider = None if not isinstance(self._work, Run) else _slider(self._work, show)
        self._box.children = () if slider is None else (slider,)


def _slider(run: Run, show: Show) -> Any:
    """Return a slider over the segments of a run; None where it has none."""
    import ipywidgets

    if run.method.instances or run.finished_as is not None:
        return None
    try:
        tree = run.hierarchy().tree
    except ValueError:
        return None
    base = run.card()

    def follow(change: Any) -> None:
        n = int(change["new"])
        try:
            card = dataclasses.replace(base, picture=run.pictured(run.cut(n)))
        except ValueError as error:
            show(dataclasses.replace(base, note=str(error)))
            return
        rows = [row for row in base.rows if row[0] != "Labels"]
        note = f"cut({n}) of the run returns these labels."
        show(dataclasses.replace(card, rows=[*rows, ("Segments", str(n))], note=note))

    most = min(tree.most, MOST)
    slider = ipywidgets.IntSlider(
        min=tree.fewest, max=most, value=tree.fewest, description="Segments"
    )
    slider.observe(follow, names="value")
    return slider
