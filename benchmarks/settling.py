"""When labels have settled: what ending a run then costs in quality, and what it saves.

    python benchmarks/settling.py --out ROWS.jsonl [--methods backprop:iterations=200 dic ...]
    python benchmarks/settling.py --out ROWS.jsonl --table

Each run goes to its end once; from its labels of all iterations follows where it would have ended
with a value of `settled`. A JSON line an image, method and seed, rows already there are kept. The
table has, by value, how many runs end earlier, the median share of the updates that are made, and
the covering minus that at the end, paired by image, with its standard error. Photographs of BSDS500
train; data come from SELFSEG_DATA.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from _rows import Row, command_line, fill_or_print, score
from _sets import Case

import napari_selfseg as ss
from napari_selfseg.protocol._schedules._stopping import WINDOW

VALUES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def main() -> None:
    """Fill the file of rows, or print the table."""
    fill_or_print(command_line(__doc__, seeds=1).parse_args(), _row, _print)


def _row(case: Case, method: ss.Method, variant: str) -> Row:
    first = getattr(method, "autoencoder_iterations", 0)
    axis = case.image.channel_axis
    run = ss.segment(case.image.data, method, channel_axis=axis, device="cpu", threads=1)
    maps = [run.labels(t) for t in run.iterations if t >= first]
    changed = [float((one != other).mean()) for one, other in pairwise(maps)]
    ends = {value: _end(changed, value / 100) for value in VALUES}
    scores = {at: score(maps[at], case) for at in {*ends.values(), len(changed)}}
    return {
        "updates": len(changed),
        "covering": scores[len(changed)],
        "ends": {str(value): [at, scores[at]] for value, at in ends.items()},
    }


def _end(changed: list[float], least: float) -> int:
    for t in range(WINDOW, len(changed)):
        if np.mean(changed[t - WINDOW : t]) < least:
            return t
    return len(changed)


def _print(rows: list[Row]) -> None:
    print("| method | per cent | runs | end earlier | updates made | covering |\n|" + 6 * "---|")
    for name in dict.fromkeys(row["method"] for row in rows):
        of = [row for row in rows if row["method"] == name]
        for value in VALUES:
            ends = [row["ends"][str(value)] for row in of]
            share = [at / row["updates"] for (at, _), row in zip(ends, of, strict=True)]
            gaps = [found - row["covering"] for (_, found), row in zip(ends, of, strict=True)]
            error = np.std(gaps, ddof=1) / len(gaps) ** 0.5
            early = sum(each < 1 for each in share)
            print(
                f"| {name} | {value} | {len(of)} | {early} | {np.median(share):.2f} "
                f"| {np.mean(gaps):+.4f} ± {error:.4f} |"
            )


if __name__ == "__main__":
    main()
