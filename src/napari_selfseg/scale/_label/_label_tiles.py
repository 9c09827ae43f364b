"""An image of a batch that does not fit into memory, done tile by tile."""

from __future__ import annotations

from typing import cast

from napari_selfseg.io import ImageFile, load_fit, open_labels, read_record
from napari_selfseg.outlines import SUPERPIXELS
from napari_selfseg.protocol import Fit, Method, available_memory
from napari_selfseg.scale._estimates._tile_estimate import Foresight, foreseen
from napari_selfseg.scale._label._batch_item import Made, Piece
from napari_selfseg.scale._label._label_files import SIDE, draw
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._tile_record import is_unchanged
from napari_selfseg.scale._tiles._large import LargeImage, forget
from napari_selfseg.scale._tiles._tile_run import TileRun
from napari_selfseg.scale._training._fit_samples import axes_of_sample, known_at_once, learning

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
    piece.observer.follow(piece.number, TileRun(plan))
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
    fit = None if recipe.method else load_fit(recipe.model)
    layout = _layout(piece, large, fit)
    return large.planned(
        fit or _learned(piece, large, layout),
        tile=max(layout.tile),
        objects=recipe.minimum_size if recipe.connected else None,
        device=piece.device,
        threads=piece.threads,
        told={"recipe": recipe.as_dict()},
    )


def _layout(piece: Piece, large: LargeImage, fit: Fit | None) -> Foresight:
    """Choose samples and tiles that keep to the memory."""
    source, method = large.source, fit.method if fit else cast(Method, piece.recipe.method)
    return foreseen(
        source.shape,
        source.n_channels,
        method,
        memory=piece.memory or available_memory(),
        ndim=fit.ndim if fit else axes_of_sample(method, source),
        learned=fit is not None,
        device=piece.device,
        precision=piece.recipe.precision,
        masked=large.file.mask is not None,
    )


def _learned(piece: Piece, large: LargeImage, layout: Foresight) -> Fit:
    recipe = piece.recipe
    method = cast(Method, recipe.method)
    known = known_at_once(large.source, method, superpixels=recipe.superpixels)
    if known is not None:
        return known
    run = learning(
        large.source,
        method,
        size=layout.sample,
        superpixels=recipe.superpixels,
        precision=recipe.precision,
        device=piece.device,
        threads=piece.threads,
    )
    piece.observer.follow(piece.number, run)
    return run.fit


def _check(piece: Piece) -> None:
    """Refuse what needs the whole image."""
    recipe = piece.recipe
    for asked, what in (
        (recipe.segments is not None, "segments"),
        (recipe.method and recipe.method.outlines != SUPERPIXELS, "outlines along the image"),
        (recipe.minimum_size and not recipe.connected, "merged small pieces (minimum_size)"),
        (recipe.model and recipe.superpixels is not None, "superpixels that vote"),
        (piece.table is not None, "objects in a file"),
    ):
        if asked:
            raise ValueError(
                f"As a whole this image would take more memory than is allowed, and tile by tile "
                f"there are no {what}: allow more memory, or leave them out."
            )
