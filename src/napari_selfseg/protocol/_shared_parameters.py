"""Parameters that several methods have in common; each method says where its default comes from."""

from __future__ import annotations

from typing import Any

from napari_selfseg.parameters import parameter
from napari_selfseg.protocol._schedules._sizes import FULL_SIZE, SCHEDULE_HELP
from napari_selfseg.protocol._schedules._stopping import SETTLED_HELP

__all__ = [
    "descent_momentum",
    "descent_rate",
    "fewest_labels",
    "learning_size",
    "settling_share",
    "weight_of_scribbles",
]


def fewest_labels(default: int, source: str) -> Any:
    """Declare the number of labels at which a run stops."""
    return parameter(
        default,
        "The run stops when no more labels than this are left before the vote; with scribbles, "
        "when the scribbled ones are left and no others.",
        minimum=1,
        maximum=1000,
        source=source,
        words="Fewest labels",
    )


def learning_size(of: str = "") -> Any:
    """Declare the size of the image that is learned from; `of` ends the help."""
    return parameter(FULL_SIZE, f"{SCHEDULE_HELP} {of}".rstrip(), words="Learn at")


def settling_share() -> Any:
    """Declare the share of pixels whose labels may still change when a run ends."""
    return parameter(0.0, SETTLED_HELP, minimum=0, maximum=100, unit="%", words="Ends when settled")


def descent_rate(default: float, source: str) -> Any:
    """Declare the learning rate of gradient descent."""
    return parameter(
        default,
        "Learning rate: step of gradient descent.",
        minimum=1e-5,
        maximum=10,
        source=source,
        words="Learning speed",
    )


def descent_momentum(source: str) -> Any:
    """Declare the momentum of gradient descent."""
    return parameter(0.9, "Momentum of gradient descent.", minimum=0, maximum=0.999, source=source)


def weight_of_scribbles(source: str, of: str = "pixels", words: str = "Weight of scribbles") -> Any:
    """Declare the weight of what was scribbled on: pixels or superpixels."""
    return parameter(
        0.5, f"Weight of the scribbled {of}.", minimum=0, maximum=1000, source=source, words=words
    )
