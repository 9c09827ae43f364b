"""Does anything end napari, or stay behind? Layers and docks changed at random moments.

    python benchmarks/stress.py --rounds 300 --seed 0 --out stress.jsonl

A round opens a dock in a real window, brings it into a state (loading, estimating, preparing, live,
stopping, ending, with a result, its slider dragged, ...) and does up to twelve things: layers
removed, renamed, replaced, painted on, dimensions turned, the dock hidden, closed, deleted. Then
the window is closed, or the dock and the layers are taken away, and what is left is counted:
threads, widgets of this package, exceptions, messages of Qt. Some rounds are a process, so that a
crash is one, and is located; Python may end while work is going on.

A JSON line a round is written to --out when it begins and when it has ended; those of an earlier
call are kept, and their rounds not done again. Another version of this package is tried with
PYTHONPATH=its/src. On a machine without a screen put `xvfb-run -a -s "-screen 0 1600x1000x24"` in
front.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from _stress_acts import ACTS
from _stress_docks import STATES


def main() -> int:
    """Do the rounds, a few a process, and report."""
    args = arguments()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.child:
        from _stress_round import do_rounds

        do_rounds(args)
        return 0
    args.out.touch()
    number = args.first
    while number < args.first + args.rounds:
        last = min(number + args.batch, args.first + args.rounds)
        number = process(args, number, last)
    return report(read(args.out))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=10, help="rounds a process")
    parser.add_argument("--docks", nargs="+", choices=STATES, default=list(STATES))
    parser.add_argument("--states", nargs="+", default=[], help="of each dock; all by default")
    parser.add_argument("--acts", nargs="+", choices=ACTS, default=[], help="random by default")
    parser.add_argument("--patience", type=float, default=600, help="seconds without a line")
    parser.add_argument("--out", type=Path, default=Path("stress.jsonl"))
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def process(args: argparse.Namespace, first: int, last: int) -> int:
    """Do some rounds in a process of their own; return the number of the next one."""
    done = {row["round"] for row in read(args.out) if row["what"] != "begin"}
    first = next((k for k in range(first, last) if k not in done), last)
    if first == last:
        return last
    command = [sys.executable, __file__, "--child", "--first", str(first)]
    command += ["--rounds", str(last - first), "--seed", str(args.seed), "--out", str(args.out)]
    for name in ("docks", "states", "acts"):
        command += [f"--{name}", *given] if (given := getattr(args, name)) else []
    began = time.perf_counter()
    code, said = watched(command, args.out, args.patience)
    rows = read(args.out)
    begun = max((row["round"] for row in rows if row["what"] == "begin"), default=first)
    ended = {row["round"] for row in rows if row["what"] == "round"}
    row = {"what": "process", "round": begun, "code": code, "seconds": time.perf_counter() - began}
    if code:
        row |= {"at": "end of the process" if begun in ended else "the round", "said": said[-6000:]}
    with args.out.open("a") as lines:
        print(json.dumps(row), file=lines)
    return begun + 1


def watched(command: list[str], out: Path, patience: float) -> tuple[int, str]:
    """Run a process until it ends, or writes no line for too long."""
    environment = {**os.environ, "PYTHONFAULTHANDLER": "1", **own_settings()}
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stderr=errors, env=environment)
        while child.poll() is None:
            time.sleep(0.2)
            if time.time() - out.stat().st_mtime > patience:
                child.kill()
        errors.seek(0)
        return child.returncode, errors.read()


def own_settings() -> dict[str, str]:
    """Return an environment without settings, presets and trials of whoever runs this."""
    folder = tempfile.mkdtemp(prefix="stress-")
    places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_CACHE_HOME"), folder)
    return {**places, "NAPARI_CONFIG": str(Path(folder) / "napari.yaml")}


def read(out: Path) -> list[dict[str, Any]]:
    """Return the lines there are."""
    return [json.loads(line) for line in out.read_text().splitlines()]


def is_ours(error: str) -> bool:
    """Say whether this package had any part in what was raised; what was not raised counts too."""
    return "Traceback" not in error or "napari_selfseg" in error


def report(rows: list[dict[str, Any]]) -> int:
    """Print what was found; 0 when that is nothing."""
    rounds = [row for row in rows if row["what"] == "round"]
    ends = [row for row in rows if row["what"] == "process"]
    begun = {row["round"]: row for row in rows if row["what"] == "begin"}
    crashes = [row for row in ends if row["code"]]
    print(f"{len(rounds)} rounds in {len(ends)} processes, {len(crashes)} ended by a crash:")
    for row in crashes:
        at = begun.get(row["round"], {})
        print(f"  round {row['round']}: code {row['code']}, {at.get('dock')}, {at.get('state')}")
    faults, others = Counter[str](), Counter[str]()
    for row in rounds:
        for each in row["errors"]:
            kind = faults if is_ours(each) else others
            kind[each.strip().splitlines()[-1][:150]] += 1
        faults.update(f"left: {each}" for each in row["left"])
    for found, where in ((faults, ""), (others, "of napari alone: ")):
        for words, n in found.most_common():
            print(f"  {n} x {where}{words}")
    closing = sorted(row["closing"] for row in rounds if row["closing"] is not None)
    if closing:
        median = closing[len(closing) // 2]
        print(f"closing the window: median {median:.2f} s, at most {closing[-1]:.2f} s")
    return int(bool(crashes or faults))


if __name__ == "__main__":
    sys.exit(main())
