"""Edits of a record, made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.editing._edit import Edit
from napari_selfseg.editing._evidence import Evidence
from napari_selfseg.editing._object_edits import ObjectEdits

__all__ = ["Edited", "apply_edits"]


class Edited(NamedTuple):
    """Labels as they were corrected.

    Attributes
    ----------
    labels : ndarray of int
        ``(*spatial)`` objects.
    classes : dict of int to int
        Class by object, of those that were given one.
    """

    labels: NDArray[Any]
    classes: dict[int, int]


def apply_edits(
    labels: Any,
    edits: Iterable[Edit | Mapping[str, Any]],
    *,
    image: Any = None,
    channel_axis: int | None = None,
    mask: Any = None,
    spacing: Sequence[float] | None = None,
    axes: Sequence[int] = (),
) -> Edited:
    """Correct objects as a person did.

    Parameters
    ----------
    labels : array_like of int
        ``(*spatial)`` objects from 1; 0 is no object. They are not changed.
    edits : iterable of Edit or mapping
        In their order, such as ``record["edits"]``.
    image : array_like, optional
        ``(*spatial)`` with channels along `channel_axis`; needed where an object is added.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    mask : array_like of bool, optional
        True where there are data.
    spacing : sequence of float, optional
        Physical size of a pixel along each axis; ones by default.
    axes : sequence of int
        Axes of a stack: each index along them is an image of its own, and an edit changes that
        one only.

    Returns
    -------
    Edited
        New labels, in the type of those given where that holds their numbers.

    Raises
    ------
    ValueError
        When an edit cannot be made: labels or image are others than those it was made on.
    """
    given = np.asarray(labels)
    evidence = None
    if image is not None:
        evidence = Evidence(image, channel_axis=channel_axis, mask=mask, spacing=spacing)
    objects = ObjectEdits(given.astype(np.int64), evidence, axes=axes)
    for each in edits:
        objects.apply(Edit.of(each))
    most = objects.labels.max(initial=0)
    kind = given.dtype if most <= np.iinfo(given.dtype).max else np.dtype(np.int32)
    return Edited(objects.labels.astype(kind), objects.classes)
