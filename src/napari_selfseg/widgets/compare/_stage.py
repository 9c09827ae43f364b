"""Two results side by side in napari's grid, and the viewer as it was."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap

from napari_selfseg.widgets.canvas.colours.standing_off import free_hues
from napari_selfseg.widgets.canvas.label_layer import palette
from napari_selfseg.widgets.canvas.layers import MARK, camera_of, finest, grid_of, placed
from napari_selfseg.widgets.canvas.looks.outlined import drawn_fast
from napari_selfseg.widgets.compare._comparing import Compared
from napari_selfseg.widgets.model.image_source import ALL

__all__ = ["DIFFERING", "Stage"]

DIFFERING: Final = "#ffe100"
OPACITY: Final = 0.6  # what is below can be told
CAMERA: Final = ("center", "zoom", "angles")
GRID: Final = ("enabled", "shape", "stride")


class Stage:
    """Shows two results with their image, and puts all back as it was."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._made: list[Any] = []
        self._differing: list[Any] = []
        self._before: dict[str, Any] | None = None

    @property
    def up(self) -> bool:
        """Whether two results are shown."""
        return self._before is not None

    def put(self, one: Any, other: Any, image: Any, found: Compared, *, marked: bool) -> None:
        """Show two results, which stay as they are, with the image, if any, below both."""
        self.take_away()
        self._before = self._state()
        for each in self._before["shown"]:
            each.visible = False
        # At the bottom, where cells of the grid begin to be counted.
        cells = [
            self._cell(one, one, finest(one), image),
            self._cell(one, other, found.matched, image),
        ]
        place = 0
        for cell in cells:
            differing = _differing(one, found)
            self._differing.append(differing)
            for layer in (*cell, differing):
                self._viewer.layers.insert(place, layer)
                self._made.append(layer)
                place += 1
        self.mark(marked)
        grid = grid_of(self._viewer)
        grid.stride, grid.shape, grid.enabled = len(self._made) // 2, (1, 2), True
        self._viewer.layers.selection.clear()
        self._viewer.reset_view()

    def mark(self, wanted: bool) -> None:
        """Mark where the results differ, or not."""
        for each in self._differing:
            each.visible = wanted

    def take_away(self) -> None:
        """Leave the viewer as it was before."""
        before, self._before = self._before, None
        made, self._made, self._differing = self._made, [], []
        if before is None:
            return
        for each in made:
            # Somebody may have removed it by hand.
            with contextlib.suppress(ValueError):
                self._viewer.layers.remove(each)
        self._put_back(before)

    def _state(self) -> dict[str, Any]:
        camera, grid, dims = camera_of(self._viewer), grid_of(self._viewer), self._viewer.dims
        return {
            "shown": [each for each in self._viewer.layers if each.visible],
            "selected": list(self._viewer.layers.selection),
            "active": self._viewer.layers.selection.active,
            "camera": {name: getattr(camera, name) for name in CAMERA},
            "grid": {name: getattr(grid, name) for name in GRID},
            "point": tuple(dims.point),
            "ndisplay": dims.ndisplay,
        }

    def _put_back(self, before: dict[str, Any]) -> None:
        viewer, there = self._viewer, list(self._viewer.layers)
        for name, value in before["grid"].items():
            setattr(grid_of(viewer), name, value)
        for each in before["shown"]:
            if each in there:
                each.visible = True
        viewer.layers.selection.clear()
        viewer.layers.selection.update(each for each in before["selected"] if each in there)
        if before["active"] in there:
            viewer.layers.selection.active = before["active"]
        # Before the camera: napari resets the view when this changes.
        viewer.dims.ndisplay = before["ndisplay"]
        if len(before["point"]) == viewer.dims.ndim:
            viewer.dims.set_point(range(viewer.dims.ndim), before["point"])
        for name, value in before["camera"].items():
            setattr(camera_of(viewer), name, value)

    def _cell(self, frame: Any, layer: Any, labels: Any, image: Any) -> list[Any]:
        """Return copies of the image and of labels, which share their arrays."""
        copy = Labels(
            labels,
            name=f"{layer.name} (compared)",
            opacity=layer.opacity,
            colormap=_colours(frame, image),
            metadata={MARK: True},
            **_place(frame),
        )
        drawn_fast(copy)
        copy.contour = layer.contour
        copy.editable = False
        below = [] if image is None else [_image(image)]
        return [*below, copy]


def _image(image: Any) -> Image:
    looks: dict[str, Any] = {"gamma": image.gamma, "opacity": image.opacity}
    if not image.rgb:
        looks |= {"colormap": image.colormap, "contrast_limits": image.contrast_limits}
    copy = Image(
        image.data,
        name=f"{image.name} (compared)",
        rgb=image.rgb,
        multiscale=image.multiscale,
        metadata={MARK: True},
        **looks,
        **_place(image),
    )
    copy.editable = False
    return copy


def _differing(frame: Any, found: Compared) -> Labels:
    colours: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4), 1: DIFFERING}
    made = Labels(
        found.differing,
        name="Differences",
        opacity=OPACITY,
        colormap=DirectLabelColormap(color_dict=colours),
        metadata={MARK: True},
        **_place(frame),
    )
    made.editable = False
    return made


def _colours(layer: Any, image: Any) -> CyclicLabelColormap:
    """Return colours for the numbers of the first: what goes together has one colour."""
    if isinstance(layer.colormap, CyclicLabelColormap):
        return layer.colormap
    return palette(1000, free_hues(image))


def _place(layer: Any) -> dict[str, Any]:
    everything: Sequence[slice] = (ALL,) * layer.ndim
    return placed(layer, tuple(everything))
