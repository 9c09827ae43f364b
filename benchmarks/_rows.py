"""The command line of benchmarks of methods on photographs: a JSON line a run, then a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _sets import SETS, Case, read_list

from napari_selfseg import catalogue
from napari_selfseg.metrics import covering
from napari_selfseg.parameters import parse
from napari_selfseg.protocol import Method

METHODS = ("backprop:iterations=200", "dic", "dsc")

Row = dict[str, Any]


def command_line(description: str, *, seeds: int) -> argparse.ArgumentParser:
    """Return the flags: where rows are, of which methods, images and seeds, or only the table."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--methods", nargs="+", default=METHODS, help="with fields, as on the command line"
    )
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--table", action="store_true")
    return parser


def fill_or_print(
    args: argparse.Namespace,
    make: Callable[[Case, Method, str], Row],
    table: Callable[[list[Row]], None],
    variants: Sequence[str] = ("",),
    name: str = "",
) -> None:
    """Make the rows that the file does not hold yet, or print their table.

    Parameters
    ----------
    args : argparse.Namespace
        Of `command_line`.
    make : callable
        Given a photograph, a method with its seed and a variant, returns what was found.
    table : callable
        Prints all rows.
    variants : sequence of str
        Each is run in turn.
    name : str
        Of the variant in a row; empty where there are none.
    """
    lines = args.out.read_text().splitlines() if args.out.exists() else []
    rows = [json.loads(line) for line in lines]
    if args.table:
        table(rows)
        return
    keys = ("method", "image", "seed", *([name] if name else []))
    done = {tuple(row[key] for key in keys) for row in rows}
    for wanted, variant in _wanted(args, variants):
        key = (*wanted, variant) if name else wanted
        if key not in done:
            method, image, seed = wanted
            chosen = parse(method, catalogue.METHODS, "method").replace(seed=seed)
            found = make(Case(SETS["bsds500-train"], image), chosen, variant)
            with args.out.open("a") as file:
                file.write(json.dumps(dict(zip(keys, key, strict=True)) | found) + "\n")


def _wanted(
    args: argparse.Namespace, variants: Sequence[str]
) -> Iterator[tuple[tuple[str, str, int], str]]:
    for seed in range(args.seeds):
        for image in read_list("bsds_dev20_train")[: args.images]:
            for method in args.methods:
                for variant in variants:
                    yield (method, image, seed), variant


def score(labels: np.ndarray, case: Case) -> float:
    """Return the covering of the truths of a photograph by its labels."""
    found = covering(labels, case.truths)
    return found.covered / found.total
