"""Of which kind each object is, where strokes have shown several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import ImageFile
from napari_selfseg.protocol import Fit, Sorting
from napari_selfseg.scale._label._task import LabelTask, as_input

__all__ = ["ObjectKinds", "kinds_of"]


class ObjectKinds(NamedTuple):
    """Kinds of objects.

    Attributes
    ----------
    classes : ndarray of int64
        ``(n + 1,)`` by object, as the strokes that showed its kind are numbered; 0 for none.
    names : mapping of int to str
        Of kinds, of those that have one.
    """

    classes: NDArray[np.int64]
    names: Mapping[int, str]

    def as_record(self) -> dict[str, Any]:
        """Return plain values, the class of each object in the order of their numbers."""
        names = {str(number): name for number, name in self.names.items()}
        return {"names": names, "of": self.classes[1:].tolist()}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> ObjectKinds | None:
        """Return the kinds in the record of labels; None where it has none."""
        told = record.get("classes")
        if told is None:
            return None
        names = {int(number): str(name) for number, name in told["names"].items()}
        return cls(np.array([0, *told["of"]], np.int64), names)


def kinds_of(
    task: LabelTask, image: ImageFile, fit: Fit, labels: NDArray[Any], mask: Any = None
) -> ObjectKinds | None:
    """Say of which kind each object is; None where what was learned knows no kinds.

    `mask` counts in place of what the file says.
    """
    if not (isinstance(fit.method, Sorting) and fit.method.sorts):
        return None
    given = as_input(image, mask)
    classes = fit.object_classes(
        image.data,
        labels,
        channel_axis=given["channel_axis"],
        mask=given["mask"],
        device=task.device,
        threads=task.threads,
    )
    return ObjectKinds(classes, fit.method.class_names)
