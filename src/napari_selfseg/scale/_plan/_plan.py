"""What is to be done with a large image, in a folder that every worker can read."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from napari_selfseg.io import atomic_file
from napari_selfseg.protocol import Grid, resolve_threads
from napari_selfseg.scale._plan._plan_checks import check_grid
from napari_selfseg.scale._plan._source import Source

__all__ = ["FINISHED", "PLAN", "Plan", "as_json", "load_plan", "save_plan", "work_folder"]

PLAN = "plan.json"
WORK = ".work"
# A mark that nothing is left to do.
FINISHED = "finished"


@dataclass(frozen=True)
class Plan:
    """Everything a worker needs to do any tile.

    Attributes
    ----------
    source : Source
        The image.
    model : str
        File of the fit.
    labels : str
        The OME-Zarr folder to write into.
    work : str
        Folder of what is known on the way: markers of tiles that are done, votes, faces, the log.
    shape : tuple of int
        Spatial shape of the image.
    tile, halo : tuple of int
        As of `Grid`.
    superpixels : Source or None
        Labels that vote; they may cross tiles.
    objects : int or None
        Number connected objects of at least so many pixels; None keeps the classes.
    device : str
        Where each worker predicts.
    threads : int or None
        CPU threads of each worker.
    told : dict
        What the record of the labels says beside what is known here.
    blockwise : bool
        Whether the image is labelled as one (`napari_selfseg.protocol.Blockwise`); tiles are its
        blocks then.
    tilewise : bool
        Whether tiles find objects that may reach beyond them (`napari_selfseg.protocol.Tilewise`).
    segments : int or None
        How many segments blocks are joined into; None leaves that to the method.
    """

    source: Source
    model: str
    labels: str
    work: str
    shape: tuple[int, ...]
    tile: tuple[int, ...]
    halo: tuple[int, ...]
    superpixels: Source | None = None
    objects: int | None = None
    device: str = "auto"
    threads: int | None = None
    told: dict[str, Any] = field(default_factory=dict)
    blockwise: bool = False
    tilewise: bool = False
    segments: int | None = None

    @property
    def grid(self) -> Grid:
        """Its tiles."""
        return Grid(self.shape, self.tile, self.halo)

    @property
    def passes(self) -> tuple[str, ...]:
        """What is done with each tile, one after the other; each waits for the one before."""
        if self.blockwise:
            return ("cut", "compare", "number")
        if self.tilewise:
            return ("find", "meet", "paint")
        voting = ("vote",) if self.superpixels else ()
        return ("predict", *voting, *(("number",) if self.objects is not None else ()))

    @property
    def numbered(self) -> bool:
        """Whether tiles are numbered after all of them are through."""
        return self.blockwise or self.tilewise or self.objects is not None

    def beside(self, *names: str) -> Path:
        """Return a path in the work folder."""
        return Path(self.work, *names)


def work_folder(labels: str) -> Path:
    """Return where the work on an OME-Zarr folder of labels is kept: beside it."""
    path = Path(labels).absolute()
    return path.with_name(f"{path.name}{WORK}")


def save_plan(plan: Plan) -> Path:
    """Write a plan of images in files into its work folder; return the file."""
    path = plan.beside(PLAN)
    with atomic_file(path) as part:
        part.write_text(as_json(plan))
    return path


def as_json(plan: Plan) -> str:
    """Return a plan as text; an image that is no file by its shape and type."""
    values = {
        name: getattr(plan, name) if name not in ("source", "superpixels") else None
        for name in plan.__dataclass_fields__
    }
    for name in ("source", "superpixels"):
        source = getattr(plan, name)
        values[name] = None if source is None else _described(source)
    return json.dumps(values, indent=1)


def _described(source: Source) -> dict[str, Any]:
    image = source.image
    if not isinstance(image, str):
        data, _ = source.opened()
        image = f"array {tuple(data.shape)} {data.dtype}"
    found: dict[str, Any] = {
        "image": image,
        "channel_axis": source.channel_axis,
        "nodata": source.nodata,
    }
    found |= {} if source.opacity == "mask" else {"opacity": source.opacity}
    found |= {"channels": source.channels} if source.channels else {}
    return found | ({"numbers": True} if source.numbers else {})


def load_plan(path: str | Path) -> Plan:
    """Read a plan from its file or folder.

    ValueError when it is damaged, or its image lies in no file.
    """
    file = Path(path)
    file = file / PLAN if file.is_dir() else file
    if not file.is_file():
        raise FileNotFoundError(f"There is no plan {file}: make one with napari-selfseg plan.")
    try:
        plan = TypeAdapter(Plan).validate_python(json.loads(file.read_text()))
        check_grid(plan.grid)
        _check_files(plan)
        return _here(plan, file.parent.absolute())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        why = f"{'.'.join(map(str, first['loc'][:3]))}: {first['msg']}"
        raise ValueError(f"{file} cannot be read as a plan: {why}.") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} cannot be read as a plan: {error}") from None


def _check_files(plan: Plan) -> None:
    sources = [each.image for each in (plan.source, plan.superpixels) if each is not None]
    if not all(isinstance(each, str) for each in sources):
        raise ValueError("its image is in no file.")
    if plan.objects is not None and plan.objects < 0:
        raise ValueError(f"objects of {plan.objects} pixels are none.")
    resolve_threads(plan.threads)


def _here(plan: Plan, work: Path) -> Plan:
    """Find labels and model beside the plan: all of them may have been moved together."""
    labels = work.with_name(work.name.removesuffix(WORK))
    model = work / Path(plan.model).name
    return dataclasses.replace(plan, work=str(work), labels=str(labels), model=str(model))
