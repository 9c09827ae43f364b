"""What labels say that were made tile by tile, and whether their image is still the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from napari_selfseg import record
from napari_selfseg.io import load_fit
from napari_selfseg.protocol import Grid
from napari_selfseg.scale._plan._identity import is_as_planned, tile_hash
from napari_selfseg.scale._plan._ledger import Ledger
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._source import Source

__all__ = ["ACROSS", "is_same_image", "is_unchanged", "tile_record"]


# How many objects a seam goes through, in records and beside a plan.
ACROSS: Final = "across_seams"


def tile_record(plan: Plan) -> dict[str, Any]:
    """Say what was applied to what; the image by the hash of the hashes of its tiles.

    Parameters
    ----------
    plan : Plan
        Done, or as far as it is.

    Returns
    -------
    dict
        For `napari_selfseg.record.dumps`. While tiles are left, ``"tiles"`` says how many are
        done of how many. ``"across_seams"`` says how many objects a seam between tiles goes
        through, once that is counted.
    """
    fit, ledger = load_fit(plan.model), Ledger(plan.work)
    known = (ledger.result(plan.passes[0], number) or {} for number in range(len(plan.grid)))
    hashes = [each.get("sha256", "") for each in known]
    done, total = len(ledger.done(plan.passes[-1])), len(plan.grid)
    return {
        "software": record.software(),
        "applied": record.weights_hash(fit.weights),
        "fitted": fit.method.as_dict(),
        "images": [_fingerprint(plan.source, hashes)],
        "tile": list(plan.tile),
        "objects": plan.objects,
        "n_labels": _n_labels(plan, ledger),
        **({} if plan.superpixels is None else {"superpixels": _voted(plan.superpixels)}),
        **({} if plan.segments is None else {"segments": plan.segments}),
        **_across(plan),
        **({} if done == total else {"tiles": [done, total]}),
        **plan.told,
    }


def is_same_image(found: Mapping[str, Any], source: Source) -> bool:
    """Say whether labels with this record are of this image; reads it tile by tile."""
    shape = source.shape
    if len(shape) != len(found["tile"]):
        return False
    grid = Grid(shape, tuple(found["tile"]), (0,) * len(shape))
    hashes = [tile_hash(source, grid, number) for number in range(len(grid))]
    was: dict[str, Any] = found["images"][0]
    return {**_fingerprint(source, hashes), "name": was["name"]} == was


def is_unchanged(plan: Plan) -> bool:
    """Say whether the image is what it was; reads the tiles that are done and one that is left."""
    if plan.source.shape != plan.shape:
        return False
    ledger, grid = Ledger(plan.work), plan.grid
    done = ledger.done(plan.passes[0])
    left = next((number for number in range(len(grid)) if number not in done), None)
    return (left is None or is_as_planned(plan, "source", left)) and all(
        (ledger.result(plan.passes[0], number) or {})["sha256"]
        == tile_hash(plan.source, grid, number)
        for number in done
    )


def _fingerprint(source: Source, hashes: Sequence[str]) -> dict[str, Any]:
    data, _ = source.opened()
    return {
        "name": source.name,
        "shape": list(data.shape),
        "dtype": str(data.dtype),
        "sha256": hashlib.sha256("".join(hashes).encode()).hexdigest(),
    }


def _voted(superpixels: Source) -> dict[str, str]:
    return {"name": superpixels.name or "superpixels"}  # those of an array have no name


def _across(plan: Plan) -> dict[str, int]:
    try:
        return {ACROSS: int(plan.beside(ACROSS).read_text())}
    except (OSError, ValueError):
        return {}


def _n_labels(plan: Plan, ledger: Ledger) -> int:
    found = [(ledger.result(plan.passes[-1], n) or {}) for n in range(len(plan.grid))]
    if plan.numbered:
        return max(int(each.get("highest", 0)) for each in found)
    return len({label for each in found for label in each.get("classes", ())})
