"""What the stress trial does to a viewer and a dock at random moments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
from _stress_docks import Trial

Act = Callable[[Trial], None]


def layer_of(trial: Trial, kind: str = "") -> Any:
    """Return one of the layers, of a kind; None where there is none."""
    found = [each for each in trial.viewer.layers if kind in each._type_string]
    return found[int(trial.rng.integers(len(found)))] if found else None


def on_layer(change: Callable[[Trial, Any], None], kind: str = "") -> Act:
    """Make an act of a change to a layer."""

    def act(trial: Trial) -> None:
        layer = layer_of(trial, kind)
        if layer is not None:
            change(trial, layer)

    return act


def on_dock(change: Callable[[Trial], None]) -> Act:
    """Make an act of a change to the dock, which may be gone."""

    def act(trial: Trial) -> None:
        if trial.dock is not None:
            change(trial)

    return act


def remove(trial: Trial, layer: Any) -> None:
    """Remove it, as the bin in the list does."""
    trial.viewer.layers.remove(layer)


def replace(trial: Trial, layer: Any) -> None:
    """Give it other data: of the same shape, of another, of another type, of other axes."""
    data = layer.data[0] if layer.multiscale else layer.data
    way = int(trial.rng.integers(5))
    shape = [max(3, n // 2) for n in data.shape] if way in (1, 3) else list(data.shape)
    shape = [2, *shape] if way == 4 and len(shape) == 2 else shape
    dtype = np.uint16 if way in (2, 3) else np.dtype(data.dtype)
    layer.data = trial.rng.integers(1, 9, shape).astype(dtype)


def duplicate(trial: Trial, layer: Any) -> None:
    """Add a copy, as the menu of the list does."""
    from copy import deepcopy

    data, state, kind = layer.as_layer_data_tuple()
    if not layer.multiscale:
        state["name"] = f"{layer.name} copy"
        trial.viewer.add_layer(type(layer).create(deepcopy(data), deepcopy(state), kind))


def paint(trial: Trial, layer: Any) -> None:
    """Paint, and perhaps take it back."""
    if layer.editable and not layer.multiscale and trial.viewer.dims.ndisplay == 2:
        layer.selected_label = int(trial.rng.integers(1, 5))
        layer.mode = "paint"
        place = tuple(int(n // 2) for n in layer.data.shape)
        with contextlib.suppress(IndexError):
            layer.paint(place, layer.selected_label)
        trial.spin(0.02)
        if trial.rng.random() < 0.6:
            layer.undo()
        if trial.rng.random() < 0.3:
            layer.redo()
        layer.mode = "pan_zoom"


def fill(trial: Trial, layer: Any) -> None:
    """Fill a region, and take it back."""
    if layer.editable and not layer.multiscale and trial.viewer.dims.ndisplay == 2:
        layer.fill(tuple(int(n // 3) for n in layer.data.shape), 7)
        layer.undo()


def look(trial: Trial, layer: Any) -> None:
    """Change how it looks."""
    way = int(trial.rng.integers(4))
    if way == 0:
        layer.opacity = float(trial.rng.uniform(0.1, 1))
    elif way == 1:
        layer.blending = str(trial.rng.choice(["opaque", "translucent", "additive"]))
    elif way == 2 and hasattr(layer, "contour"):
        layer.contour = 1 - layer.contour
    else:
        layer.scale = [float(trial.rng.uniform(0.5, 2))] * layer.ndim


def reorder(trial: Trial) -> None:
    """Move a layer in the list."""
    n = len(trial.viewer.layers)
    if n > 1:
        trial.viewer.layers.move(*map(int, trial.rng.choice(n, 2, replace=False)))


def turn(trial: Trial) -> None:
    """Show in 3-D or 2-D."""
    trial.viewer.dims.ndisplay = 5 - trial.viewer.dims.ndisplay


def move(trial: Trial) -> None:
    """Go to another plane."""
    dims = trial.viewer.dims
    if dims.ndim > 2:
        dims.set_current_step(0, int(trial.rng.integers(dims.nsteps[0])))


def grid(trial: Trial) -> None:
    """Show the layers side by side, or over each other."""
    place = trial.viewer if hasattr(type(trial.viewer), "grid") else trial.viewer.canvas
    place.grid.enabled = not place.grid.enabled


def select(trial: Trial) -> None:
    """Select another layer."""
    trial.viewer.layers.selection.active = layer_of(trial)


def press(trial: Trial) -> None:
    """Press a button of the dock: Run, Stop or Cancel."""
    view = trial.dock.view
    view = getattr(view, "controls", view)
    names = [each for each in ("run", "stop", "cancel", "resume") if hasattr(view, each)]
    getattr(view, str(trial.rng.choice(names))).click()


def switch(trial: Trial) -> None:
    """Show segments, and drag their slider; or classes."""
    if trial.kind == "image":
        shown = trial.dock.view.controls.shown
        button = shown.segments if shown.classes.isChecked() else shown.classes
        button.setChecked(True)
        trial.spin(0.1)
        trial.drag()
        if trial.rng.random() < 0.3:
            shown.granularity.borders.click()


def close_dock(trial: Trial) -> None:
    """Close it by its X."""
    dock, trial.dock = trial.dock, None
    trial.frame.destroyOnClose()
    trial.closed = dock


def hide_dock(trial: Trial) -> None:
    """Hide it, and perhaps show it again."""
    trial.frame.close()
    trial.spin(trial.rng.uniform(0, 0.1))
    if trial.rng.random() < 0.7:
        trial.frame.show()


def destroy_dock(trial: Trial) -> None:
    """Delete it."""
    trial.dock, dock = None, trial.dock
    dock.deleteLater()
    trial.frame.deleteLater()


def float_dock(trial: Trial) -> None:
    """Take it out of the window, or put it back."""
    trial.frame.setFloating(not trial.frame.isFloating())


def close_viewer(trial: Trial) -> None:
    """Close the window."""
    trial.viewer.close()


LAYERS: dict[str, Act] = {
    "remove": on_layer(remove),
    "remove image": on_layer(remove, "image"),
    "remove labels": on_layer(remove, "labels"),
    "clear": lambda trial: trial.viewer.layers.clear(),
    "rename": on_layer(lambda trial, layer: setattr(layer, "name", f"n{trial.rng.integers(9)}")),
    "reorder": reorder,
    "hide": on_layer(lambda _, layer: setattr(layer, "visible", not layer.visible)),
    "replace image": on_layer(replace, "image"),
    "replace labels": on_layer(replace, "labels"),
    "duplicate": on_layer(duplicate, "labels"),
    "paint": on_layer(paint, "labels"),
    "fill": on_layer(fill, "labels"),
    "look": on_layer(look),
    "select": select,
}
DIMS: dict[str, Act] = {
    "2-D or 3-D": turn,
    "roll": lambda trial: trial.viewer.dims.roll(),
    "transpose": lambda trial: trial.viewer.dims.transpose(),
    "plane": move,
    "grid": grid,
}
DOCK: dict[str, Act] = {
    "press": on_dock(press),
    "switch": on_dock(switch),
    "close dock": on_dock(close_dock),
    "hide dock": on_dock(hide_dock),
    "destroy dock": on_dock(destroy_dock),
    "float dock": on_dock(float_dock),
}
ACTS = {**LAYERS, **DIMS, **DOCK}
WEIGHTS = {"clear": 0.4, "close dock": 0.3, "destroy dock": 0.2, "hide dock": 0.5, "remove": 1.5}


def draw(rng: np.random.Generator) -> str:
    """Draw an act."""
    weights = np.array([WEIGHTS.get(each, 1.0) for each in ACTS])
    return str(rng.choice(list(ACTS), p=weights / weights.sum()))
