"""``napari-selfseg evaluate LABELS --against TRUTH``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_selfseg.cli._options._common import Commands
from napari_selfseg.cli._options._numbers import MOST, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_selfseg.metrics import Evaluation, Stability

__all__ = ["add"]

WIDEST = 4  # files with a column each; of more, the table shows what they have in common
ABSENT = "-"


class Scored(NamedTuple):
    """What was found for a labels file."""

    labels: str
    truths: tuple[str, ...]
    evaluation: Evaluation | None
    without_truth: Mapping[str, float]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command."""
    parser = commands.add_parser("evaluate", help="compare labels with ground truth")
    parser.add_argument("labels", nargs="+", metavar="LABELS", help="TIFF or PNG files")
    parser.add_argument(
        "--against",
        nargs="+",
        action="append",
        default=[],
        metavar="TRUTH",
        help="a truth for each labels file, in order: TIFF, PNG, or a BSDS .mat with all its "
        "annotators; give it again for another annotator",
    )
    parser.add_argument(
        "--ignore",
        nargs="+",
        type=whole(-MOST),
        default=[],
        metavar="ID",
        help="labels of the truth",
    )
    parser.add_argument(
        "--background",
        nargs="*",
        type=whole(-MOST),
        default=[0],
        metavar="ID",
        help="labels, in either, that are no object (default 0); without an ID every label is an "
        "object; matters to the object metrics alone",
    )
    parser.add_argument(
        "--image",
        metavar="IMAGE",
        help="the image that all labels are of, for figures without ground truth",
    )
    parser.add_argument("--json", metavar="FILE", help="also write all values and counts")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import check_target

    if args.json:
        check_target(args.json, (".json",))
    if not args.against and not args.image:
        raise ValueError("Say what to compare with: --against a truth, --image, or both.")
    if args.ignore and not args.against:
        raise ValueError("--ignore names labels of a truth: add --against, or leave it out.")
    n = len(args.labels)
    for truths in args.against:
        if len(truths) != n:
            raise ValueError(f"--against needs one truth a labels file, {n}, not {len(truths)}.")
    scored = [_scored(args, k) for k in range(n)]
    stable = _stability(args.labels) if args.image and n > 1 else None
    if args.json:
        _write(Path(args.json), args, scored, stable)
    print(*_report(scored, stable), sep="\n")
    return 0


def _scored(args: argparse.Namespace, k: int) -> Scored:
    from napari_selfseg.io import read_label_image

    labels = read_label_image(args.labels[k])
    paths = tuple(truths[k] for truths in args.against)
    try:
        evaluation = _against(labels, paths, args) if paths else None
        figures = _without_truth(labels, args.image) if args.image else {}
    except ValueError as error:
        raise ValueError(f"{args.labels[k]}: {error}") from error
    return Scored(args.labels[k], paths, evaluation, figures)


def _against(labels: NDArray[Any], paths: Sequence[str], args: argparse.Namespace) -> Evaluation:
    from napari_selfseg.io import read_truth
    from napari_selfseg.metrics import evaluate

    truths = [truth for path in paths for truth in read_truth(path, labels.shape)]
    return evaluate(labels, truths, ignore=args.ignore, background=args.background)


def _without_truth(labels: NDArray[Any], path: str) -> dict[str, float]:
    from napari_selfseg.io import read_image
    from napari_selfseg.metrics import unsupervised

    image = read_image(path)
    return unsupervised(image.data, labels, channel_axis=image.channel_axis)


def _stability(paths: Iterable[str]) -> Stability:
    from napari_selfseg.io import read_label_image
    from napari_selfseg.metrics import stability

    return stability([read_label_image(path) for path in paths])


def _write(
    target: Path, args: argparse.Namespace, scored: Sequence[Scored], stable: Stability | None
) -> None:
    from napari_selfseg import __version__
    from napari_selfseg.io import alone, atomic_file

    content = {
        "version": __version__,
        "ignore": args.ignore,
        "background": args.background,
        "image": args.image,
        "files": [_as_dict(each) for each in scored],
        "overall": _overall(scored),
        "stability": None if stable is None else stable._asdict(),
    }
    with alone(target), atomic_file(target) as part:
        part.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _as_dict(scored: Scored) -> dict[str, Any]:
    found: dict[str, Any] = {"labels": scored.labels, "truths": list(scored.truths)}
    if scored.evaluation is not None:
        found |= scored.evaluation.as_dict()
    return found | {"without_truth": dict(scored.without_truth) or None}


def _overall(scored: Sequence[Scored]) -> dict[str, float] | None:
    from napari_selfseg.metrics import overall

    found = [each.evaluation for each in scored if each.evaluation is not None]
    return overall(found) if found else None


def _report(scored: Sequence[Scored], stable: Stability | None) -> Iterator[str]:
    for k, each in enumerate(scored, 1):
        yield f"[{k}] {each.labels}{_how_many(each)}"
    together = _overall(scored)
    if together is not None:
        evaluations = [each.evaluation for each in scored if each.evaluation is not None]
        yield from ("", *_truth_table(evaluations, together))
        yield from _remarks(scored)
    if scored[0].without_truth:
        yield from ("", "Without ground truth (not accuracy)")
        yield from _plain_table([each.without_truth for each in scored])
    if stable is not None:
        yield f"Stability, mean over the pairs of labels ({stable.n_pairs})"
        yield _row("  adjusted Rand index", "", [f"{stable.adjusted_rand:.3f}"])
        yield _row("  variation of information (bits)", "", [f"{stable.voi:.3f}"])


def _how_many(scored: Scored) -> str:
    if scored.evaluation is None:
        return ""
    annotators = scored.evaluation.annotators
    regions = ", ".join(str(each.n_regions) for each in annotators)
    return (
        f": {scored.evaluation.n_segments} segments against {regions} regions of "
        f"{' and '.join(scored.truths)}"
    )


def _truth_table(evaluations: Sequence[Evaluation], together: Mapping[str, float]) -> Iterator[str]:
    from napari_selfseg.metrics import METRICS

    shown = [each.values for each in evaluations] if 1 < len(evaluations) <= WIDEST else []
    heads = [*(f"[{k}]" for k in range(1, len(shown) + 1)), "overall" if shown else "value"]
    yield _row("Against ground truth", "better", heads)
    for metric in METRICS:
        cells = [_cell(each, metric.name) for each in (*shown, together)]
        if any(cell != ABSENT for cell in cells):
            yield _row(metric.title, "higher" if metric.higher else "lower", cells)
    counts = [each.n_segments for each in evaluations]
    mean = f"{sum(counts) / len(counts):.4g}"
    # Matched by majority, more segments always look better.
    yield _row("  with so many segments", "", [*map(str, counts if shown else ()), mean])


def _cell(values: Mapping[str, float], name: str) -> str:
    return f"{values[name]:.3f}" if name in values else ABSENT


def _remarks(scored: Sequence[Scored]) -> Iterator[str]:
    for k, each in enumerate(scored, 1):
        if each.evaluation is not None and each.evaluation.remark:
            yield f"[{k}] {each.evaluation.remark}"


def _plain_table(found: Sequence[Mapping[str, float]]) -> Iterator[str]:
    from napari_selfseg.metrics import UNSUPERVISED

    shown = found if len(found) <= WIDEST else []
    if shown:
        yield _row("", "", [f"[{k}]" for k in range(1, len(shown) + 1)])
    for name, title in UNSUPERVISED.items():
        values = [each[name] for each in shown]
        mean = sum(each[name] for each in found) / len(found)
        yield _row(title, "" if shown else "mean", [f"{value:.4g}" for value in values or [mean]])


def _row(title: str, better: str, cells: Sequence[str]) -> str:
    return f"{title:<40}{better:<7}{''.join(f'{cell:>10}' for cell in cells)}".rstrip()
