"""Tiles against the whole: pixels, memory and time, also when workers are killed.

    python benchmarks/tiles.py equal --out benchmarks/results/tiles.jsonl
    python benchmarks/tiles.py large --out benchmarks/results/tiles.jsonl --folder FOLDER
    python benchmarks/tiles.py killed --out benchmarks/results/tiles.jsonl --folder FOLDER

``equal``: every method whose fit has a finite reach learns from four samples of the mosaic of
Dubai's tile 4 and predicts it in one forward, as `Fit.predict` does (in blocks), and by tiles of
three sizes; pixels that differ are counted.
``large``: an image of real ones, side by side in random order and orientation, is segmented by the
command line within 2 GB, and a quarter of it too; peak resident memory and processor time are those
of the whole process. ``killed``: a dask cluster of two processes predicts it; one is killed, then
the client, and another client goes on. FOLDER takes the images and labels, some 2 GB. Data come
from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from _sets import SETS, Case
from skimage.io import imread

import napari_selfseg as ss
from napari_selfseg.io import open_labels
from napari_selfseg.scale import Source, fit_samples, over_tiles, work_folder

METHODS: tuple[Any, ...] = (
    ss.Backprop(iterations=20, channels=32, min_labels=3),
    ss.Backprop(iterations=20, channels=32, min_labels=3, variant="continuity"),
    ss.DIC(iterations=10, width=16, min_labels=3),
    ss.DSC(iterations=10, width=16, autoencoder_iterations=5, min_labels=3),
    ss.SGSeg(iterations=20, width=16, classes=6, backbone="none"),
)
TILES = (256, 512, 960)
SMALL = ["--method", "backprop", "--channels", "16", "--depth", "2", "--iterations", "50"]
HERE = {"device": "cpu", "threads": 1}
CHUNK = 1000
OURS = [sys.executable, "-c", "import sys; from napari_selfseg.cli import main; sys.exit(main())"]


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("equal", "large", "killed"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folder", type=Path, default=Path("large"))
    parser.add_argument("--side", type=int, default=20_000, help="of the large image, in pixels")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    rows = {"equal": _equal, "large": _large, "killed": _killed}[args.what](args)
    for row in rows:
        print(row, flush=True)
        with args.out.open("a") as lines:
            lines.write(json.dumps({"what": args.what, **row}) + "\n")


def _equal(args: argparse.Namespace) -> Any:
    image = _mosaic()
    for method in METHODS:
        fit = fit_samples(Source(image, -1), method, **HERE).finish().fit
        whole, seconds_whole = _timed(partial(_in_one_forward, fit, image))
        blocks, seconds_blocks = _timed(partial(fit.predict, image, channel_axis=-1, **HERE))
        known = {
            "method": method.as_dict(),
            "shape": image.shape,
            "reach": fit.reach,
            "labels": len(np.unique(whole)),
            "seconds_whole": seconds_whole,
            "seconds_blocks": seconds_blocks,
            "different_blocks": int((blocks != whole).sum()),
        }
        for tile in TILES:
            out = args.folder / f"equal-{method.name}-{time.time_ns()}.zarr"
            run = over_tiles(image, fit, out, channel_axis=-1, tile=tile, **HERE)
            seconds = _timed(run.finish)[1]
            different = int((open_labels(out)[:] != whole).sum())
            yield {**known, "tile": tile, "different": different, "seconds": seconds}


def _in_one_forward(fit: ss.Fit, image: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(fit.scaling(np.moveaxis(image, -1, 0), None))[None]
    with torch.no_grad():
        labels: np.ndarray = fit.method.predict(fit.restored(x.device), x, None)[0].numpy() + 1
    return labels


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what it makes, and the processor time it took, with one thread."""
    torch.set_num_threads(1)
    start = time.process_time()
    made = work()
    return made, round(time.process_time() - start, 1)


def _mosaic() -> np.ndarray:
    """Return the nine parts of tile 4, in three rows."""
    parts = [_image(f"t4_{n}") for n in range(1, 10)]
    rows, columns = (min(part.shape[axis] for part in parts) for axis in (0, 1))
    cut = [part[:rows, :columns] for part in parts]
    return np.concatenate([np.concatenate(cut[k : k + 3], axis=1) for k in (0, 3, 6)])


def _image(name: str) -> np.ndarray:
    found: np.ndarray = imread(Case(SETS["dubai_mbrsc"], name).image.name)
    return found


def _large(args: argparse.Namespace) -> Any:
    for side in (args.side // 2, args.side):
        path = _synthetic(args.folder, side)
        out = args.folder / f"labels-{side}.ome.zarr"
        how = ["-o", str(out), *SMALL, "--memory", "2GB", "--threads", "1", "--device", "cpu"]
        start = time.monotonic()
        seconds, peak = _measured(["segment", str(path), *how])
        megapixels = side * side / 1e6
        yield {
            "side": side,
            "method": SMALL,
            "tile": json.loads((work_folder(str(out)) / "plan.json").read_text())["tile"],
            "peak_gb": round(peak / 1e9, 3),
            "wall_seconds": round(time.monotonic() - start, 1),
            "seconds_per_megapixel": round(seconds / megapixels, 3),
            "labels": len(np.unique(open_labels(out)[:2000, :2000])),
        }


def _synthetic(folder: Path, side: int) -> Path:
    """Write an image of real ones, chunk by chunk; one that is there already is kept."""
    path = folder / f"image-{side}.zarr"
    if path.is_dir():
        return path
    parts = [_image(name) for name in SETS["dubai_mbrsc"].names()]
    rng, shape = np.random.default_rng(side), (side, side, 3)
    image = zarr.create_array(path, shape=shape, chunks=(CHUNK, CHUNK, 3), dtype=np.uint8)
    for row in range(0, side, CHUNK):
        for column in range(0, side, CHUNK):
            part = np.rot90(parts[rng.integers(len(parts))], rng.integers(4))
            block = np.pad(part, [(0, CHUNK), (0, CHUNK), (0, 0)], mode="reflect")
            height, width = min(CHUNK, side - row), min(CHUNK, side - column)
            image[row : row + height, column : column + width] = block[:height, :width]
    return path


def _measured(words: list[str]) -> tuple[float, int]:
    """Return processor seconds and peak resident bytes of a command of ours."""
    child = subprocess.Popen([*OURS, *words])
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{words[0]} ended with {status}.")
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def _killed(args: argparse.Namespace) -> Any:
    """Kill a worker after a third of the tiles, the client after two, and go on."""
    from distributed import Client, LocalCluster

    path = _synthetic(args.folder, min(args.side, 5_000))
    model, calm, out = (args.folder / n for n in ("m.safetensors", "calm.zarr", "killed.zarr"))
    common = ["--tile", "256", "--threads", "1", "--device", "cpu"]
    _ours("segment", path, "-o", calm, *SMALL, *common)
    (work_folder(str(calm)) / "model.safetensors").rename(model)
    _ours("plan", path, "-o", out, "--model", model, *common)
    done = work_folder(str(out)) / "done" / "predict"
    total = len(list((work_folder(str(calm)) / "done" / "predict").iterdir()))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as watcher,
    ):
        words = ["run", str(out), "--scheduler", cluster.scheduler_address]
        client = subprocess.Popen([*OURS, *words])
        _wait(done, total // 3)
        victim = next(iter(watcher.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        _wait(done, 2 * total // 3)
        client.kill()
        client.wait()
        time.sleep(5)
        marked = {each.name: each.stat().st_mtime_ns for each in done.iterdir()}
        _ours(*words)
    after = {each.name: each.stat().st_mtime_ns for each in done.iterdir()}
    log = (work_folder(str(out)) / "log.txt").read_text().splitlines()
    yield {
        "tiles": total,
        "marked_before_resume": len(marked),
        "marked_again": sum(after[name] != when for name, when in marked.items()),
        "different": int((open_labels(out)[:] != open_labels(calm)[:]).sum()),
        "log": [line.partition(" ")[2] for line in log if "tile " not in line],
    }


def _wait(folder: Path, count: int) -> None:
    while not folder.is_dir() or len(list(folder.glob("*.json"))) < count:
        time.sleep(0.05)


def _ours(*words: Any) -> None:
    subprocess.run([*OURS, *map(str, words)], check=True)


if __name__ == "__main__":
    main()
