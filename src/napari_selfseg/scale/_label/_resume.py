"""Labels that are there already, and whether they may be gone on with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from napari_selfseg.io import load_fit, read_record
from napari_selfseg.io.formats import is_by_blocks
from napari_selfseg.record import weights_hash
from napari_selfseg.scale._plan._plan import work_folder
from napari_selfseg.scale._recipe._recipe import Recipe
from napari_selfseg.scale._tiles._large import begun

__all__ = ["RECIPE", "left_earlier", "may_go_on"]

RECIPE: Final = "recipe.json"


def left_earlier(targets: Sequence[Path], recipe: Recipe, folder: Path, resume: bool) -> set[Path]:
    """Return those targets that are there, or begun, if they may be continued with this recipe.

    `resume` says that somebody asked for it.

    Raises
    ------
    ValueError
        When nobody asked, or they are of another recipe or of no batch.
    OSError
        When the model of the recipe cannot be opened.
    """
    applied = _model_of(recipe)
    there = {each for each in targets if _is_there(each)}
    if there and not resume:
        raise ValueError(
            f"{folder} holds labels of {len(there)} of these images: resume, to do what is left, "
            "or choose another folder."
        )
    for each in there:
        _check(each, recipe, applied, f"folder, or take the recipe in {folder / RECIPE}")
    return there


def may_go_on(target: Path, recipe: Recipe, resume: bool) -> bool:
    """Say whether labels of one image are there, or begun, and may be gone on with.

    It raises what `left_earlier` does.
    """
    if not _is_there(target):
        return False
    if not resume:
        raise ValueError(
            f"{target} is there already: resume, to go on with it, or choose another file."
        )
    _check(target, recipe, _model_of(recipe), "file")
    return True


def _is_there(target: Path) -> bool:
    return target.exists() or begun(target) is not None


def _model_of(recipe: Recipe) -> str | None:
    return weights_hash(load_fit(recipe.model).weights) if recipe.model else None


def _check(target: Path, recipe: Recipe, applied: str | None, instead: str) -> None:
    try:
        told = _told(target)
        found = Recipe.from_dict(told["recipe"])
    except (ValueError, KeyError):
        if _is_nothing(target):
            return
        raise ValueError(
            f"{target} was made by no recipe: choose another {instead.partition(',')[0]}, or move "
            "it away."
        ) from None
    if found.model and recipe.model:
        # A model may be moved: what counts is what is in it.
        found = dataclasses.replace(found, model=recipe.model)
    if found != recipe or (applied and told.get("applied") != applied):
        raise ValueError(f"{target} was made by another recipe: choose another {instead}.")


def _told(target: Path) -> Mapping[str, Any]:
    """Return the record of labels, or what it is going to say."""
    plan = begun(target)
    if plan is None:
        return read_record(target)
    return {**plan.told, "applied": weights_hash(load_fit(plan.model).weights)}


def _is_nothing(target: Path) -> bool:
    """Say whether labels were ended while they were planned, so that nothing is in them."""
    return is_by_blocks(target) and begun(target) is None and work_folder(str(target)).is_dir()
