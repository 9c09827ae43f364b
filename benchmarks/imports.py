"""Seconds to import the package, in fresh processes.

python benchmarks/imports.py [--rounds 7]
"""

from __future__ import annotations

import argparse
import subprocess
import sys

import numpy as np

STATEMENTS = {
    "python alone": "pass",
    "import napari_selfseg": "import napari_selfseg",
    "from napari_selfseg import segment": "from napari_selfseg import segment",
}


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    for name, statement in STATEMENTS.items():
        seconds = [_seconds(statement) for _ in range(rounds)]
        print(f"{name:40} {np.median(seconds):.3f} s")


def _seconds(statement: str) -> float:
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()
