"""``napari-selfseg batch 'GLOB'... -o DIR``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from napari_selfseg.cli._messages._sentences import in_a_line
from napari_selfseg.cli._options._choices import add_choices, segments_from
from napari_selfseg.cli._options._common import (
    IMAGES_HELP,
    Commands,
    add_image_channels,
    add_method,
    add_run_options,
    values_of,
)
from napari_selfseg.cli._options._finishing import (
    add_as,
    add_finish,
    finish_from,
    method_from,
)
from napari_selfseg.cli._options._interrupt import keeping
from napari_selfseg.cli._options._numbers import whole
from napari_selfseg.cli._options._progress import progress_bar
from napari_selfseg.cli._options._stack import add_stack
from napari_selfseg.cli._options._tile_options import add_memory, add_scheduler

if TYPE_CHECKING:
    from napari_selfseg.protocol import WorkStep
    from napari_selfseg.scale import Batch, Entry, Recipe
    from napari_selfseg.superpixels import Superpixels

__all__ = ["add"]

STACK = ("carry", "axis", "stack_iterations", "planes_fitted")
ALGORITHMS_HELP = "an algorithm such as slic:n_segments=2000"
RECIPE_HELP = (
    "what to do: a recipe.json, a labels file (done as it was made), or a model from `train` "
    "(the same class ids in all images)"
)


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command; its flags are those of the method named in `words`."""
    parser = commands.add_parser("batch", help="segment many images in one way")
    parser.add_argument("images", nargs="+", metavar="GLOB", help=IMAGES_HELP)
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="made where missing")
    parser.add_argument("--recipe", metavar="FILE", help=RECIPE_HELP)
    add_choices(parser, ALGORITHMS_HELP)
    add_as(
        parser,
        "what the labels are: segments as the method makes them, or objects on one background 0; "
        "without --method, Objects finds them",
    )
    parser.add_argument(
        "--connected", action="store_true", help="make every connected piece an object of its own"
    )
    parser.add_argument(
        "--minimum-size",
        type=whole(0),
        default=0,
        metavar="N",
        help="give pieces of fewer pixels to a neighbour",
    )
    parser.add_argument("--resume", action="store_true", help="do what DIR does not hold yet")
    parser.add_argument(
        "--format",
        type=label_ending,
        default=".tif",
        metavar="ENDING",
        help="of the labels: tif, ome.zarr, or that of a format which a package adds",
    )
    parser.add_argument(
        "--into-image",
        metavar="NAME",
        help="write the labels into the OME-Zarr images themselves, as labels/NAME",
    )
    parser.add_argument(
        "--objects",
        choices=("csv", "geojson", "qupath.geojson", "gpkg", "zip"),
        help="also write connected pieces",
    )
    parser.add_argument("--preview", action="store_true", help="also write pictures of the labels")
    add_image_channels(parser)
    add_memory(parser, "do an image whose run would take more tile by tile")
    add_scheduler(parser)
    add_stack(parser)
    add_run_options(parser)
    parser.set_defaults(command=_run)
    # The flags of a method are known once the method is.
    if words[:1] == ["batch"]:
        add_method(parser, words[1:])
        add_finish(parser, parser.get_default("kind").declared())


def label_ending(text: str) -> str:
    """Read the ending of labels, with or without the point; return one such as ``".ome.zarr"``."""
    from napari_selfseg.io.formats import label_formats

    known, ending = label_formats(), f".{text.removeprefix('.')}".lower()
    if any(ending in (each.suggested, *each.endings) for each in known):
        return ending
    names = ", ".join(each.suggested.removeprefix(".") for each in known)
    raise argparse.ArgumentTypeError(f"{text} is not written: give one of {names}")


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.scale import Batch, runner_named
    from napari_selfseg.work import follow

    recipe = _recipe(args)
    progress = _Progress()
    batch = Batch(
        args.images,
        recipe,
        args.output,
        resume=args.resume,
        preview=args.preview,
        suffix=args.format,
        into_image=args.into_image,
        objects=args.objects and f".{args.objects}",
        memory=_of_a_run(args.memory),
        runner=runner_named(args.scheduler),
        seen=progress.see,
        device=args.device,
        threads=args.threads,
    )
    follow(batch, partial(_shown, progress))
    return 0 if batch.complete else 1


def _of_a_run(memory: int | None) -> int | None:
    """Take off what the program itself holds."""
    import psutil

    if memory is None:
        return None
    # The flag is for the whole process; a run may take what that does not hold yet.
    held = int(psutil.Process().memory_info().rss)
    if memory <= held:
        raise ValueError(
            f"The program itself takes {held / 1e6:.0f} MB: allow more than that (--memory)."
        )
    return memory - held


def _recipe(args: argparse.Namespace) -> Recipe:
    from napari_selfseg.scale import Recipe

    values = values_of(args, args.kind.declared())
    choices = _choices(args)
    if not args.recipe:
        return Recipe(method_from(args), channels=args.image_channels, **choices)
    said = [name for name, value in choices.items() if value != getattr(Recipe, name)]
    for name in ["method"] * bool(args.method) + [*values, *said]:
        flag = "--as" if name == "finish" else "--" + name.replace("_", "-")
        raise ValueError(f"The recipe in {args.recipe} says it all: leave out {flag}.")
    return Recipe.load(args.recipe).of_channels(args.image_channels)


def _choices(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "superpixels": _algorithm(args.superpixels),
        "precision": args.precision,
        "segments": segments_from(args.segments),
        "connected": args.connected,
        "minimum_size": args.minimum_size,
        "finish": finish_from(args),
        **{name: getattr(args, name) for name in STACK},
    }


def _algorithm(text: str | None) -> Superpixels | None:
    from napari_selfseg.catalogue import known_superpixels
    from napari_selfseg.parameters import parse

    if text is None:
        return None
    return cast("Superpixels", parse(text, known_superpixels(), "superpixel algorithm"))


class _Progress:
    """The bar: images done, and the share of the one at hand."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.done = 0

    def see(self, number: int, step: WorkStep) -> None:
        at = step.progress
        self._move(self.done + at.done / (at.total + 1))

    def count(self) -> None:
        self.done += 1
        self._move(self.done)

    def _move(self, n: float) -> None:
        self.bar.update(round(n - self.bar.n, 2))


@contextmanager
def _shown(progress: _Progress, batch: Batch) -> Iterator[Callable[[Entry], None]]:
    """Show all images; an interrupt drops the one at hand, but for its tiles that are done."""

    def see(entry: Entry) -> None:
        progress.count()
        _say(f"{progress.done}/{len(batch.entries)} {_line(entry)}")

    kept = keeping(lambda: f"Interrupted; {batch.summary} --resume does what is left.")
    with kept, progress_bar(len(batch.entries), unit="image") as progress.bar:
        yield see
    _say(batch.summary)


def _line(entry: Entry) -> str:
    if entry.state == "failed":
        return in_a_line(f"{entry.image}: {entry.error}")
    labels = f"{entry.labels} label{'' if entry.labels == 1 else 's'}"
    took = "done before" if entry.before else f"{entry.seconds:.1f} s"
    failed = f"; {entry.error}" if entry.error else ""
    return in_a_line(f"{entry.image}: {labels}, {took}{failed}")


def _say(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)
