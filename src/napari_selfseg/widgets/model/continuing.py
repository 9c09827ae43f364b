"""What a press on Continue does, or why it does nothing; no Qt and no napari here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_selfseg.outlines import SUPERPIXELS
from napari_selfseg.widgets.model.overlay import Covered
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.state import Missing

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Method, Run

__all__ = ["Continuation", "continuation"]

NOTHING: Final = "There is nothing to continue yet: press Run."
OTHER_IMAGE: Final = (
    "Continue goes on with {name}: choose that image, or press Run to begin with this one."
)
NO_FIT: Final = "The last run was ended before it had settled: press Run to begin anew."
BY_ITSELF: Final = "The last run has nothing left to learn. {why}"
OTHER_NETWORK: Final = (
    "What was learned does not fit the parameters that are set: put those of the last run back, or "
    "press Run to begin anew."
)
ON: Final = "Go on in the same labels, from iteration {done} to {total}."
ANEW: Final = "Begin new labels with what was learned, because {what} differ from the last run's."
LEARNED: Final = "Begin new labels with what was learned."


@dataclass(frozen=True)
class Continuation:
    """What a press on Continue does.

    Attributes
    ----------
    help : str
        The same in words.
    reason : str
        Why it does nothing, and what to do; empty where it does.
    request : Request or None
        What to run.
    """

    help: str = ""
    reason: str = ""
    request: Request | None = None


def continuation(
    found: Request | Missing, before: Request | None, run: Run | None, fit: Fit | None
) -> Continuation:
    """Say what Continue does with what is filled in.

    `before` is the last run as it was begun, and `run` the same, which has ended; `fit` is what was
    learned last, or loaded.
    """
    if before is None and fit is None:
        return Continuation(reason=NOTHING)
    if isinstance(found, Missing):
        return Continuation(reason=found.sentence)
    if before is None or run is None:
        return _anew(found, fit, LEARNED)
    if not _same_image(found, before):
        return Continuation(reason=OTHER_IMAGE.format(name=before.picture.name))
    differ = _differing(found, before, run)
    if differ:
        return _anew(found, fit, ANEW.format(what=differ))
    return _on(found, run)


def _on(found: Request, run: Run) -> Continuation:
    """Go on with the run itself."""
    stop = run.stopped
    if stop is None or stop.kind in ("abandoned", "failed"):
        return Continuation(reason=NO_FIT)
    done, wanted = run.iteration, found.method.iterations
    if stop.kind in ("min_labels", "settled") or (
        stop.kind == "finished" and done < run.method.iterations
    ):
        return Continuation(reason=BY_ITSELF.format(why=stop.sentence))
    # One that has had all its iterations has as many again.
    total = wanted if wanted > done else done + wanted
    method = found.method.replace(iterations=total)
    request = replace(found, method=method, after=run)
    return Continuation(ON.format(done=done, total=total), request=request)


def _anew(found: Request, fit: Fit | None, help: str) -> Continuation:
    """Begin another run with the weights of a fit."""
    if fit is None:
        return Continuation(reason=NO_FIT)
    if not _fits(found, fit):
        return Continuation(reason=OTHER_NETWORK)
    return Continuation(help, request=replace(found, start=fit))


def _fits(found: Request, fit: Fit) -> bool:
    """Say whether the weights of a fit are those of a network."""
    channels, ndim = found.channels or 1, len(found.shape)
    if (channels, ndim, found.method.name) != (fit.in_channels, fit.ndim, fit.method.name):
        return False
    return _bare(found.method) == _bare(fit.method) or _shapes(found.method, fit) <= {
        (name, tuple(each.shape)) for name, each in fit.weights.items()
    }


def _shapes(method: Method, fit: Fit) -> set[tuple[str, tuple[int, ...]]]:
    """Return the shapes of the parameters of a method's network."""
    import torch

    # It is built only for the shapes of its weights.
    network = method.network(fit.in_channels, fit.ndim, torch.Generator().manual_seed(0))
    return {(name, tuple(each.shape)) for name, each in network.named_parameters()}


def _bare(method: Method) -> Method:
    """Return a method with what does not matter to a run that goes on."""
    bare: Method = method.replace(iterations=1, outlines=SUPERPIXELS)
    return bare


def _same_image(one: Request, other: Request) -> bool:
    pairs = zip(one.picture.data, other.picture.data, strict=False)
    return any(a is b for a, b in pairs) and one.picture.rgb == other.picture.rgb


def _differing(found: Request, before: Request, run: Run) -> str:
    """Say what is not as it was; empty where all is."""
    one, other = found.picture.data, before.picture.data
    same = len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
    changes = {
        "the channels": not same,
        "the area and plane": found.index != before.index,
        "the parameters": _bare(found.method) != _bare(run.method),
        "the superpixels": not _alike(found.superpixels, before.superpixels),
        "the pixels without data": not _alike(found.void, before.void),
        "the scribbles": not _drawn_alike(found, before, run),
        "device and precision": (found.device, found.precision)
        != (before.device, before.precision),
    }
    return next((what for what, changed in changes.items() if changed), "")


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Covered) and isinstance(other, Covered):
        return one.data is other.data and one.index == other.index
    return bool(type(one) is type(other) and one == other)


def _drawn_alike(found: Request, before: Request, run: Run) -> bool:
    if found.scribbles is None or not _alike(found.scribbles, before.scribbles):
        return found.scribbles is before.scribbles
    # Strokes may have been added since.
    drawn = run.provenance["scribbles"]
    known = np.zeros(found.shape, int) if drawn is None else drawn[0]
    return np.array_equal(found.scribbles.read(), known)
