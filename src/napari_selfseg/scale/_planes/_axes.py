"""Axes of a stack by name."""

from __future__ import annotations

from napari_selfseg.io import ImageFile
from napari_selfseg.protocol import Method

__all__ = ["axes_along", "axis_named"]


def axes_along(text: str | None, method: Method, image: ImageFile) -> tuple[int, ...]:
    """Find the axes to go along, as for `axis_named`.

    By default the first ones, so that what remains is as large as the method can take.

    Raises
    ------
    ValueError
        When there is no such axis.
    """
    n = len(image.shape)
    if text is not None:
        return axis_named(text, image.axes.replace("c", ""))
    planes = max((k for k in method.ndims if k < n), default=2)
    return tuple(range(n - planes))


def axis_named(text: str, axes: str) -> tuple[int, ...]:
    """Find axes by name or number.

    Parameters
    ----------
    text : str
        Such as ``"z"``, ``"tz"``, ``"0"`` or ``"0,1"``.
    axes : str
        A letter for each spatial axis, such as ``"zyx"``.

    Raises
    ------
    ValueError
        When there is no such axis.
    """
    names = text.replace(",", " ").split()
    # A single word, such as "tz", names an axis by each letter.
    each = list(names[0].lower()) if len(names) == 1 and names[0].isalpha() else names
    found = [axes.find(one.lower()) if one.isalpha() else _number(one) for one in each]
    if not found or not all(0 <= k < len(axes) for k in found):
        raise ValueError(
            f"There is no axis {text}: the axes are {', '.join(axes)}, or 0 to {len(axes) - 1}."
        )
    return tuple(found)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
