"""A batch and its recipe in words; no Qt and no napari here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from napari_selfseg.widgets.model.stacking import WAYS
from napari_selfseg.widgets.model.words import duration

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameters
    from napari_selfseg.scale import Entry, Recipe

__all__ = ["described", "detail", "hint", "progress", "shortened_path", "state"]


def described(recipe: Recipe) -> str:
    """Say what a recipe does, without parameters that are as by default."""
    parts = [recipe.title if recipe.method is None else _parameters(recipe.method)]
    if recipe.channels:
        parts.append(f"channels {', '.join(recipe.channels)} alone")
    if recipe.superpixels is not None:
        parts.append(f"superpixels by {_parameters(recipe.superpixels)}")
    if recipe.segments is not None:
        auto = recipe.segments == "auto"
        parts.append("as many segments as suit" if auto else f"{recipe.segments} segments")
    if recipe.carry is not None:
        parts.append(_along(recipe))
    if recipe.connected:
        parts.append("connected objects")
    if recipe.finish is not None:
        parts.append(f"finished as {_parameters(recipe.finish)}")
    if recipe.minimum_size:
        parts.append(f"none smaller than {recipe.minimum_size} pixels")
    return "; ".join(parts) + "."


def _along(recipe: Recipe) -> str:
    words = next(f"stacks {words.lower()}" for words, way in WAYS if way == recipe.carry)
    numbers = (
        f"along {_axis(recipe.axis)}" if recipe.axis else "",
        f"{recipe.stack_iterations} iterations on later planes" if recipe.stack_iterations else "",
        f"made of {recipe.planes_fitted} planes" if recipe.planes_fitted else "",
    )
    return ", ".join(each for each in (words, *numbers) if each)


def _axis(text: str) -> str:
    return f"axis {text}" if text[:1].isdecimal() else text


def _parameters(found: Parameters) -> str:
    other = [
        f"{each.label.lower()} {getattr(found, each.name)}"
        for each in found.declared()
        if getattr(found, each.name) != each.default
    ]
    return f"{found.title} ({', '.join(other)})" if other else found.title


def state(entry: Entry, running: str = "") -> str:
    """Say in a few words what became of an image.

    `running` is how far it is, if it is worked on.
    """
    if entry.state == "failed":
        return "failed"
    if entry.state == "done":
        return f"{entry.labels} label{'' if entry.labels == 1 else 's'}"
    return running or "left"


def detail(entry: Entry) -> str:
    """Say all that is known of an image."""
    if entry.state == "failed":
        return f"{entry.image}: {entry.error}"
    if entry.state == "done":
        when = "made before" if entry.before else f"made in {entry.seconds:.1f} s"
        failed = f". {entry.error}" if entry.error else ""
        return f"{entry.image}: {state(entry)}, {when}, in {entry.target}{failed}"
    return f"{entry.image}: not done yet."


def hint(images: int, folder: bool) -> str:
    """Say what is still to be filled in; `folder` says whether there is one for the results."""
    if not images:
        return "Add images, choose a folder for the results, press Run."
    if not folder:
        return "Choose a folder for the results, and press Run."
    return f"Ready: Run does {images} image{'s' * (images > 1)}, or what is left of them."


def progress(entries: Sequence[Entry], at_hand: str, seconds_left: float) -> str:
    """Say how far a batch is: such as ``"3 of 9 done - 1 failed - about 2 min left"``.

    `at_hand` is the image worked on, and how far it is; NaN seconds are left out.
    """
    counts: Mapping[str, int] = {
        each: sum(entry.state == each for entry in entries) for each in ("done", "failed")
    }
    parts: list[Any] = [f"{counts['done']} of {len(entries)} done"]
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    if at_hand:
        parts.append(at_hand)
    if not math.isnan(seconds_left):
        parts.append(f"{duration(seconds_left)} left")
    return " - ".join(parts)


def shortened_path(path: str) -> str:
    """Return the name of a file; of what lies in a zarr folder, the path from that on."""
    parts = [part for part in path.replace("\\", "/").split("/") if part]
    inside = [k for k, part in enumerate(parts) if part.lower().endswith(".zarr")]
    return "/".join(parts[inside[0] if inside else -1 :]) or path
