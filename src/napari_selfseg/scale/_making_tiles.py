"""An image of a batch that does not fit into memory, done tile by tile."""

from __future__ import annotations

from napari_selfseg.io import ImageFile, load_fit, open_labels, read_record
from napari_selfseg.protocol import Fit
from napari_selfseg.scale._large import LargeImage, forget
from napari_selfseg.scale._learning import learning
from napari_selfseg.scale._making_files import SIDE, draw
from napari_selfseg.scale._piece import Made, Piece
from napari_selfseg.scale._plan import Plan
from napari_selfseg.scale._tile_record import is_unchanged
from napari_selfseg.scale._tile_run import TileRun

__all__ = ["by_tiles"]


def by_tiles(piece: Piece, image: ImageFile) -> Made:
    """Label an image tile by tile, by what is learned from samples of it or by a model.

    Tiles that are done stay, whatever happens afterwards.

    Parameters
    ----------
    piece : Piece
        What to do.
    image : ImageFile
        As it was opened.

    Returns
    -------
    Made

    Raises
    ------
    ValueError
        When something cannot be used, or the recipe asks for what needs the whole image.
    """
    _check(piece)
    piece.target.parent.mkdir(parents=True, exist_ok=True)
    large = LargeImage(piece.image, piece.target)
    plan = _begun(piece, large) or _planned(piece, large)
    piece.watch.follow(piece.number, TileRun(plan))
    if piece.preview is not None:
        draw(piece.preview, image, open_labels(plan.labels), side=SIDE)
    large.finish(plan)
    forget(piece.target)
    return Made(read_record(piece.target)["n_labels"])


def _begun(piece: Piece, large: LargeImage) -> Plan | None:
    """Return what an earlier batch began, if the image is still the same."""
    plan = large.begun if piece.again else None
    if plan is None or is_unchanged(plan):
        return plan
    forget(large.target)
    return None


def _planned(piece: Piece, large: LargeImage) -> Plan:
    recipe = piece.recipe
    return large.planned(
        _fit(piece, large),
        memory=piece.memory,
        objects=recipe.minimum_size if recipe.connected else None,
        device=piece.device,
        threads=piece.threads,
        told={"recipe": recipe.as_dict()},
    )


def _fit(piece: Piece, large: LargeImage) -> Fit:
    recipe = piece.recipe
    if recipe.method is None:
        return load_fit(recipe.model)
    run = learning(
        large.source,
        recipe.method,
        memory=piece.memory,
        superpixels=recipe.superpixels,
        precision=recipe.precision,
        device=piece.device,
        threads=piece.threads,
    )
    piece.watch.follow(piece.number, run)
    return run.fit


def _check(piece: Piece) -> None:
    """Refuse what needs the whole image."""
    recipe = piece.recipe
    for asked, what in (
        (recipe.segments is not None, "segments"),
        (recipe.minimum_size and not recipe.connected, "merged small pieces (minimum_size)"),
        (recipe.model and recipe.superpixels is not None, "superpixels that vote"),
        (piece.table is not None, "objects in a file"),
    ):
        if asked:
            raise ValueError(
                f"As a whole this image would take more memory than is allowed, and tile by tile "
                f"there are no {what}: allow more memory, or leave them out."
            )
