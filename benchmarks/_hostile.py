"""Files and values that are damaged on purpose, and what reads them."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import tifffile
import zarr
from scipy.io import savemat

import napari_selfseg as ss
from napari_selfseg import record as records
from napari_selfseg.io import (
    ContourMap,
    load_fit,
    open_image,
    open_pyramid,
    read_image,
    read_progress,
    read_record,
    read_truth,
    save_fit,
    write_labels,
)
from napari_selfseg.replaying import as_script, replay
from napari_selfseg.scale import LargeImage, Recipe, TileRun, load_plan, over_stack, replay_stack
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.model.kept.presets import Presets

__all__ = ["FORMATS", "Format", "damage", "is_sentence", "other_types"]

SHAPE = (20, 24)
WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x01\0\0\0")
LONGEST = 600


@dataclass(frozen=True)
class Format:
    """A kind of file: how a sound one is made, and what reads it.

    Attributes
    ----------
    make : callable
        Writes one into a folder and returns its path.
    read : callable
        Reads it; ends in a value, a ValueError, an OSError or a MemoryError.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], object]


def is_sentence(error: BaseException) -> bool:
    """Say whether an error is one that a person can be shown."""
    said = str(error)
    plain = "Errno" not in said and "object at 0x" not in said
    return (
        isinstance(error, ValueError | OSError | MemoryError) and 0 < len(said) <= LONGEST and plain
    )


# ---------------------------------------------------------------------------------- damage


def damage(path: Path, rng: random.Random) -> None:
    """Change a file, or one of the files in a folder."""
    inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    file = rng.choice(inside)
    if file.suffix == ".json" and rng.random() < 0.8:
        value = other_types(json.loads(file.read_text()), rng)
        file.write_text(json.dumps(value))
        return
    file.write_bytes(_other_bytes(file.read_bytes(), rng))


def _other_bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        # The head of a file says what the rest is.
        end = len(changed) if rng.random() < 0.5 else min(len(changed), 400)
        at = rng.randrange(max(end, 1))
        kind = rng.randrange(6)
        if kind == 0:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif kind == 2:
            changed[at : at + 4] = rng.choice(WORDS)
        elif kind == 3:
            del changed[at : at + rng.randrange(1, 40)]
        elif kind == 4:
            changed[at:at] = changed[at : at + rng.randrange(1, 40)]
        else:
            del changed[rng.randrange(max(len(changed), 1)) :]
        if not changed:
            break
    return bytes(changed)


def other_types(value: Any, rng: random.Random) -> Any:
    """Put something else in one to three places of a JSON value."""
    changed = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = list(_places(changed))
        if not places:
            return _anything(rng)
        holder, key = rng.choice(places)
        kind = rng.randrange(5)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder[key], int | float):
            holder[key] = rng.choice((-1, 0, 10**9, -(10**18), 0.5)) * holder[key]
        else:
            holder[key] = _anything(rng)
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in list(inside) if isinstance(value, dict | list) else ():
        yield value, key
        if isinstance(each, dict | list):
            yield from _places(each)


def _anything(rng: random.Random) -> Any:
    deep: Any = []
    for _ in range(50):
        deep = [deep]
    choices: list[Any] = [None, True, False, -1, 0, 1, 2, 7, 3.5, -0.5, 1e308, 10**30, -(10**12)]
    choices += ["", "x", "0", "nan", "x" * 5000, "../../etc", "\0", [], [[]], {}, {"a": 1}, deep]
    choices += [[1, 2, 3, 4, 5, 6], [None], ["a", 1], [0, 0], [10**9, 10**9], {"name": "slic"}]
    choices += [float("nan"), float("inf"), [[1.0], [2.0]], {"shape": [10**6, 10**6]}]
    return rng.choice(choices)


# ---------------------------------------------------------------------------------- sound files


def _picture() -> np.ndarray:
    picture = np.random.default_rng(0).integers(0, 40, (*SHAPE, 3))
    picture[:, 12:, 0] += 180
    return picture.astype(np.uint8)


def _grey() -> np.ndarray:
    return np.ascontiguousarray(_picture()[..., 0])


def _tiff(name: str, shape: tuple[int, ...] = SHAPE, **how: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        data = np.resize(_picture() if shape[-1] == 3 else _grey(), shape)
        tifffile.imwrite(path, data, **how)
        return path

    return make


def _picture_file(name: str, kind: str = "colours") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        data = {"grey": _grey(), "16": _grey().astype(np.uint16) * 250}.get(kind, _picture())
        iio.imwrite(path, data)
        return path

    return make


def _geotiff(folder: Path) -> Path:
    path = folder / "g.tif"
    place = [(33550, "d", 3, (2.0, 2.0, 0.0), True)]
    place += [(33922, "d", 6, (0.0, 0.0, 0.0, 500000.0, 4100000.0, 0.0), True)]
    place += [(34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633), True)]
    tifffile.imwrite(path, _grey(), extratags=[*place, (42113, "s", 0, "0", True)])
    return path


def _zarr(version: int) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "a.zarr"
        array = zarr.create_array(
            str(path), shape=SHAPE, chunks=(10, 12), dtype="uint8", zarr_format=version
        )
        array[:] = _grey()
        return path

    return make


def _run() -> ss.Run:
    method = ss.Backprop(iterations=2, channels=6)
    run = ss.evolve(_grey(), method, superpixels=Slic(n_segments=20), threads=1, name="a.tif")
    return run.finish()


def _given_run() -> ss.Run:
    """Return a run whose record holds arrays."""
    labels = np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE) // 40 + 1
    method = ss.Backprop(iterations=2, channels=6)
    given: dict[str, Any] = {"superpixels": labels, "mask": labels > 1, "scribbles": labels % 3}
    return ss.evolve(_grey(), method, threads=1, name="a.tif", **given).finish()


def _labels(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        run = _given_run()
        write_labels(folder / name, run.labels(), record=run.record())
        return folder / name

    return make


def _fit(folder: Path) -> Path:
    save_fit(_run().fit, folder / "m.safetensors")
    return folder / "m.safetensors"


def _recipe(folder: Path) -> Path:
    path = folder / "r.json"
    recipe = Recipe(ss.Backprop(iterations=2), Slic(n_segments=20), connected=True)
    recipe.save(path)
    return path


def _plan(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", _grey())
    large = LargeImage(folder / "a.tif", folder / "l.ome.zarr")
    plan = large.plan_tiles(_run().fit, tile=16, threads=1)
    for _ in TileRun(plan):
        break
    return Path(plan.work)


def _presets(folder: Path) -> Path:
    path = folder / "presets.json"
    Presets(path).save("slic", "mine", {"n_segments": 20, "sigma": 0.5})
    return path


def _mat(folder: Path) -> Path:
    path = folder / "u.mat"
    savemat(path, {"ucm2": np.random.default_rng(0).random((41, 49))}, do_compression=True)
    return path


def _bsds(folder: Path) -> Path:
    path = folder / "t.mat"
    cell = np.zeros((1, 1), dtype=[("Segmentation", "O"), ("Boundaries", "O")])
    cell[0, 0] = (np.ones(SHAPE, np.uint16), np.zeros(SHAPE, bool))
    cells = np.empty((1, 1), object)
    cells[0, 0] = cell
    savemat(path, {"groundTruth": cells})
    return path


def _record(kind: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "record.json"
        if kind == "stack":
            stack = np.stack([_grey()] * 3)
            method = ss.Backprop(iterations=2, channels=6)
            found = over_stack(stack, method, carry="warm", threads=1).finish().record()
        elif kind == "cut":
            run = _run()
            found = records.with_cut(run.record(), 3)
        else:
            found = (_given_run() if kind == "given" else _run()).record()
        path.write_text(records.dumps(found))
        return path

    return make


# ---------------------------------------------------------------------------------- readers


def _image(path: Path) -> None:
    for read in (read_image, open_image):
        image = read(path)
        image.data[..., :5]
        if image.mask is not None:
            image.mask[..., :5]


def _zarr_image(path: Path) -> None:
    _image(path)
    for level in open_pyramid(path)[0]:
        level.data[..., :5]


def _labels_file(path: Path) -> None:
    _whatever(read_record, path)
    _whatever(Recipe.load, path)
    _whatever(_image, path)
    read_truth(path)


def _whatever(read: Callable[[Path], object], path: Path) -> None:
    try:
        read(path)
    except (ValueError, OSError) as error:
        if not is_sentence(error):
            raise


def _fit_file(path: Path) -> None:
    _whatever(read_progress, path)
    load_fit(path).predict(_grey(), threads=1)


def _recipe_file(path: Path) -> None:
    Recipe.load(path).as_dict()


def _plan_file(path: Path) -> None:
    for step in TileRun(load_plan(path)):
        assert step.done <= step.total


def _preset_file(path: Path) -> None:
    presets = Presets(path)
    for name in presets.names("slic"):
        presets.load("slic", name)
    presets.save("slic", "other", {"n_segments": 3})


def _contours(path: Path) -> None:
    ContourMap(file=str(path), threshold=0.5).regions(SHAPE)


def _record_file(path: Path) -> None:
    found = records.loads(path.read_text())
    _whatever(lambda _: Recipe.from_record(found), path)
    _whatever(lambda _: as_script(found), path)
    if "stack" in found:
        replay_stack(found, np.stack([_grey()] * 3))
    else:
        replay(found, _grey())


FORMATS = {
    "tiff": Format(_tiff("a.tif"), _image),
    "tiff, colours, tiled, deflate": Format(
        _tiff("a.tif", (48, 64, 3), tile=(16, 16), compression="zlib", photometric="rgb"), _image
    ),
    "tiff, lzw, predictor": Format(_tiff("a.tif", compression="lzw", predictor=2), _image),
    "tiff, jpeg": Format(_tiff("a.tif", (48, 64, 3), compression="jpeg"), _image),
    "ome-tiff": Format(_tiff("a.ome.tif", (3, 20, 24), metadata={"axes": "ZYX"}), _image),
    "imagej": Format(_tiff("a.tif", (3, 20, 24), imagej=True), _image),
    "bigtiff": Format(_tiff("a.tif", bigtiff=True), _image),
    "geotiff": Format(_geotiff, _image),
    "png": Format(_picture_file("a.png"), _image),
    "png, grey": Format(_picture_file("a.png", "grey"), _image),
    "png, 16 bits": Format(_picture_file("a.png", "16"), _image),
    "jpeg": Format(_picture_file("a.jpg"), _image),
    "zarr 2": Format(_zarr(2), _zarr_image),
    "zarr 3": Format(_zarr(3), _zarr_image),
    "ome-zarr": Format(_labels("l.ome.zarr"), _zarr_image),
    "labels in ome-zarr": Format(_labels("l.ome.zarr"), _labels_file),
    "labels in ome-tiff": Format(_labels("l.tif"), _labels_file),
    "model": Format(_fit, _fit_file),
    "recipe": Format(_recipe, _recipe_file),
    "plan": Format(_plan, _plan_file),
    "presets": Format(_presets, _preset_file),
    "contours": Format(_mat, _contours),
    "truth": Format(_bsds, read_truth),
    "record": Format(_record("plain"), _record_file),
    "record with arrays": Format(_record("given"), _record_file),
    "record of a cut": Format(_record("cut"), _record_file),
    "record of a stack": Format(_record("stack"), _record_file),
}


def copied(original: Path, folder: Path) -> Path:
    """Copy a file with what lies beside it into an empty folder; return its path there."""
    shutil.copytree(original.parent, folder, dirs_exist_ok=True)
    return folder / original.name
