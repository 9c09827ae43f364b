"""What several commands share: flags from declarations, and options of a run."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from napari_selfseg.cli._options._numbers import whole
from napari_selfseg.machine.processes import MOST_THREADS

if TYPE_CHECKING:
    from napari_selfseg.io import ContourMap, ImageFile
    from napari_selfseg.parameters import Parameter, Parameters
    from napari_selfseg.protocol import Method
    from napari_selfseg.superpixels import Superpixels

__all__ = [
    "IMAGES_HELP",
    "SUPERPIXELS_HELP",
    "Commands",
    "Parser",
    "add_image_channels",
    "add_method",
    "add_opacity",
    "add_parameters",
    "add_run_options",
    "algorithm_from",
    "check_still",
    "superpixels_from",
    "values_of",
    "warnings_as_sentences",
]

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]
else:
    Commands = Any


class Parser(argparse.ArgumentParser):
    """A parser whose refusal is one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise ValueError instead of printing the whole usage."""
        raise ValueError(f"{message.removeprefix('argument ')} (see {self.prog} --help).")


def add_parameters(parser: Parser, title: str, declared: Iterable[Parameter]) -> None:
    """Add a flag for every declared parameter, under a heading in the help."""
    group = parser.add_argument_group(title)
    for each in declared:
        text = f"{each.help} Default: {each.default}.".replace("%", "%%")
        if each.type is bool:
            action = argparse.BooleanOptionalAction
            group.add_argument(each.flag, action=action, default=argparse.SUPPRESS, help=text)
        else:
            group.add_argument(
                each.flag,
                default=argparse.SUPPRESS,
                metavar=_range(each),
                help=text,
            )


def add_method(parser: Parser, words: list[str], otherwise: type[Method] | None = None) -> None:
    """Add the flags of the method that the words name, or of `otherwise` where they name none.

    The class of the method becomes ``kind`` of the parsed flags.
    """
    from napari_selfseg.catalogue import finish_named, known_methods, method_for
    from napari_selfseg.parameters import named

    first = Parser(add_help=False, allow_abbrev=False)
    first.add_argument("--method")
    first.add_argument("--as")
    said = first.parse_known_args(words)[0]
    name, finish = said.method, finish_named(getattr(said, "as"))
    usual = otherwise or type(method_for(finish))
    kind = named(name, known_methods(), "method") if name else usual
    add_parameters(parser, f"parameters of {kind.title}", kind.declared())
    parser.set_defaults(kind=kind)


def _range(parameter: Parameter) -> str:
    if parameter.choices:
        return "{" + ",".join(parameter.choices) + "}"
    if parameter.minimum is not None and parameter.maximum is not None:
        return f"{parameter.minimum:g}..{parameter.maximum:g}"
    return parameter.type.__name__.upper()


def values_of(args: argparse.Namespace, declared: Iterable[Parameter]) -> dict[str, Any]:
    """Return the parameters that were given, by name, without those left at their default."""
    return {each.name: getattr(args, each.name) for each in declared if hasattr(args, each.name)}


def add_run_options(parser: Parser) -> None:
    """Add where and how fast to run."""
    group = parser.add_argument_group("where and how")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps.")
    group.add_argument(
        "--threads", type=whole(1, MOST_THREADS), metavar="N", help="CPU threads; all by default."
    )
    group.add_argument(
        "--precision",
        default="auto",
        help="auto, float32 or bfloat16; auto takes what is faster on the device.",
    )


IMAGES_HELP = (
    "TIFF, OME-Zarr, PNG, JPEG or other files that are read, folders of them, or quoted patterns "
    "such as 'data/**/*.tif'"
)
SUPERPIXELS_HELP = (
    "an algorithm such as slic:n_segments=2000, a contour map such as "
    "contour_map:file=MAP.mat,threshold=0.1, or a labels file"
)


def algorithm_from(text: str | None) -> Superpixels | None:
    """Read ``--superpixels`` where it is an algorithm; None where it is of one image alone."""
    from napari_selfseg.io import ContourMap

    found = _superpixels(text)
    return None if isinstance(found, ContourMap | Path) else found


def superpixels_from(text: str | None, image: ImageFile) -> Any:
    """Read ``--superpixels``: an algorithm with parameters, a contour map, or a labels file.

    What is none of these, or does not fit the image, raises ValueError.

    Parameters
    ----------
    text : str or None
        Such as ``"slic:n_segments=2000"``, ``"contour_map:file=a.mat"`` or ``"labels.tif"``.
    image : ImageFile
        What they are of.
    """
    from napari_selfseg.io import ContourMap, read_label_image

    found = _superpixels(text)
    if isinstance(found, Path):
        return read_label_image(found)
    return found.regions(image.shape) if isinstance(found, ContourMap) else found


def _superpixels(text: str | None) -> Superpixels | ContourMap | Path | None:
    from napari_selfseg.catalogue import known_superpixels
    from napari_selfseg.io import ContourMap
    from napari_selfseg.parameters import parse

    if text is None:
        return None
    known: tuple[type[Parameters], ...] = (*known_superpixels(), ContourMap)
    # A value such as 0.5 looks like a file's suffix.
    if Path(text).is_file() or (Path(text).suffix and "=" not in text):
        return Path(text)
    return cast("Superpixels | ContourMap", parse(text, known, "superpixel algorithm"))


def check_still(image: ImageFile) -> None:
    """Refuse an image with an axis of time where a single plane or volume is needed."""
    if "t" in image.axes:
        raise ValueError(
            f"{Path(image.name).name} has the axes {image.axes} of lengths {image.data.shape}: "
            "give one plane or volume (take out one time point)."
        )


def add_opacity(parser: Parser) -> None:
    """Add what becomes of a channel that a file calls opacity."""
    parser.add_argument(
        "--opacity",
        choices=("mask", "channel"),
        default="mask",
        help="what a TIFF or PNG calls opacity: 0 in it is no data, or it is one of the channels",
    )


def add_image_channels(parser: Parser) -> None:
    """Add which channels of an image are taken; --channels is a parameter of networks."""
    parser.add_argument(
        "--image-channels",
        type=_channels,
        default=(),
        metavar="NAME[,NAME...]",
        help="take only these channels, in this order: labels or wavelengths that OME-Zarr gives "
        "them, or numbers from 1; all by default",
    )


def _channels(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(","))


@contextmanager
def warnings_as_sentences() -> Iterator[None]:
    """Show warnings as they come, each once, without the line of code they come from."""
    before, said = warnings.formatwarning, set[str]()

    def sentence(
        message: Warning | str, category: type[Warning], filename: str, *where: Any, **more: Any
    ) -> str:
        # What Pillow thinks of a picture is nothing a user can act on; a file that is opened for
        # every tile warns each time.
        if "PIL" in Path(filename).parts or str(message) in said:
            return ""
        said.add(str(message))
        return f"napari-selfseg: {message}\n"

    warnings.formatwarning = sentence
    try:
        yield
    finally:
        warnings.formatwarning = before
