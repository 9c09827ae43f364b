"""What `segment` and `batch` let one choose beside the parameters of a method."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Literal

from napari_selfseg.cli._options._common import Parser
from napari_selfseg.cli._options._numbers import whole

__all__ = ["add_choices", "segments_from"]


def add_choices(parser: Parser, superpixels_help: str) -> None:
    """Add what to do with an image, but for the parameters of a method."""
    parser.add_argument("--method", help="one of `napari-selfseg methods`")
    parser.add_argument("--superpixels", metavar="NAME[:FIELD=VALUE,...]", help=superpixels_help)
    parser.add_argument(
        "--segments",
        metavar="N",
        help="write what the iterations agree on, cut into N connected segments, in place of the "
        "classes; auto finds the number",
    )


def segments_from(text: str | None) -> int | Literal["auto"] | None:
    """Read ``--segments``: a number or ``"auto"``; ValueError when it is neither."""
    if text is None or text == "auto":
        return "auto" if text else None
    try:
        return whole(1)(text)
    except ArgumentTypeError:
        raise ValueError(
            f"--segments takes a number from 1 on, or auto: {text} is neither."
        ) from None
