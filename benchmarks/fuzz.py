"""Damaged files of every format that is read: how many end in a traceback, a hang or a crash.

Each input is a sound file with bits, bytes or types changed at random, from a seed. It is read in a
process of its own, which is replaced when it dies or hangs. Wanted: the data, or an error of one
sentence; nothing else. ::

    python benchmarks/fuzz.py --inputs 2000
    python benchmarks/fuzz.py --only recipe --seed 17 --inputs 1      # look at one
"""

from __future__ import annotations

import argparse
import json
import queue
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import IO

SECONDS = 20
MEGABYTES = 1500


def worked(name: str, seeds: range) -> None:
    """Read damaged files one by one, and say what became of each on a line of standard output."""
    import _hostile

    form = _hostile.FORMATS[name]
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as here:
        made = Path(here, "sound")
        made.mkdir()
        original = form.make(made)
        form.read(_hostile.copied(original, Path(here, "check")))
        for seed in seeds:
            print(json.dumps({"seed": seed, "state": "begun"}), flush=True)
            path = _hostile.copied(original, Path(here, str(seed)))
            _hostile.damage(path, random.Random(f"{name} {seed}"))
            start, before = time.perf_counter(), _peak()
            state, said = _outcome(_hostile, form, path)
            told = {
                "seed": seed,
                "state": state,
                "said": said,
                "seconds": time.perf_counter() - start,
                "megabytes": _peak() - before,
            }
            print(json.dumps(told), flush=True)


def _outcome(hostile: object, form: object, path: Path) -> tuple[str, str]:
    try:
        form.read(path)  # type: ignore[attr-defined]
    except Exception as error:
        if hostile.is_sentence(error):  # type: ignore[attr-defined]
            return "refused", str(error)
        return "fault", traceback.format_exc(limit=-4)
    return "read", ""


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _pump(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def _next(lines: queue.Queue[str], seconds: float) -> tuple[str, str]:
    """Wait for a line; return it, or what its absence means."""
    try:
        return lines.get(timeout=seconds), "crash"
    except queue.Empty:
        return "", "hang"


class Reader:
    """A process that reads damaged files of one format, and is replaced when it dies."""

    def __init__(self, name: str, seeds: range) -> None:
        self.name, self.left = name, seeds
        self.process: subprocess.Popen[str] | None = None
        self.begun: int | None = None

    def __iter__(self) -> object:
        while len(self.left):
            words = [sys.executable, __file__, "--worker", self.name]
            words += [str(self.left.start), str(len(self.left))]
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
            yield from self._lines()
            if self.begun is None and len(self.left):
                raise RuntimeError(f"{self.name}: the sound file cannot be read.")
            self.begun = None

    def _lines(self) -> object:
        assert self.process is not None
        assert self.process.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_pump, args=(self.process.stdout, lines), daemon=True).start()
        while True:
            # Importing takes longer than reading.
            line, state = _next(lines, 240 if self.begun is None else SECONDS * 2)
            if not line:
                self.process.kill()
                code = self.process.wait()
                if self.begun is not None:
                    self.left = range(self.begun + 1, self.left.stop)
                    yield {"seed": self.begun, "state": state, "said": f"exit code {code}"}
                return
            told = json.loads(line)
            if told["state"] == "begun":
                self.begun = told["seed"]
                continue
            self.left = range(told["seed"] + 1, self.left.stop)
            yield told
            if not len(self.left):
                self.process.wait()
                return


def main() -> int:
    """Try all formats, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=500, help="of each format")
    parser.add_argument("--seed", type=int, default=0, help="of the first")
    parser.add_argument("--only", help="one format")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        name, first, count = args.worker
        worked(name, range(int(first), int(first) + int(count)))
        return 0
    import _hostile

    total, wrong = Counter[str](), 0
    print(
        f"{'format':<32}{'read':>7}{'refused':>9}{'fault':>7}{'hang':>6}{'crash':>7}{'s':>7}{'MB':>7}"
    )
    for name in [args.only] if args.only else _hostile.FORMATS:
        told = list(Reader(name, range(args.seed, args.seed + args.inputs)))  # type: ignore[call-overload]
        states = Counter(each["state"] for each in told)
        slow = max((each.get("seconds", 0) for each in told), default=0)
        much = max((each.get("megabytes", 0) for each in told), default=0)
        counts = "".join(
            f"{states[key]:>{width}}"
            for key, width in (("read", 7), ("refused", 9), ("fault", 7), ("hang", 6), ("crash", 7))
        )
        print(f"{name:<32}{counts}{slow:>7.1f}{much:>7.0f}", flush=True)
        for each in told:
            if each["state"] in ("fault", "hang", "crash"):
                print(f"  seed {each['seed']}: {each['state']}: {each['said']}", flush=True)
        total += states
        wrong += slow > SECONDS or much > MEGABYTES
    print(dict(total))
    return 1 if total["fault"] or total["hang"] or total["crash"] or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
