"""A run that has ended goes on from the iteration it ended at."""

from __future__ import annotations

from typing import Any

import torch

from napari_selfseg.machine.memory import keep_freed_memory
from napari_selfseg.outlines import Outlines
from napari_selfseg.protocol._evolve import network_of, seen_by
from napari_selfseg.protocol._given._checks import as_list
from napari_selfseg.protocol._given._device import resolve_device
from napari_selfseg.protocol._given._failures import explaining
from napari_selfseg.protocol._given._given import check_given
from napari_selfseg.protocol._method._control import Control
from napari_selfseg.protocol._method._finish import AS_BEGUN, FinishChoice, chosen
from napari_selfseg.protocol._method._inputs import gather
from napari_selfseg.protocol._method._training_state import TrainingState
from napari_selfseg.protocol._results._outlining import Outlining
from napari_selfseg.protocol._run import Run
from napari_selfseg.record import check_image

__all__ = ["go_on"]


def go_on(
    run: Run,
    image: Any,
    *,
    iterations: int,
    outlines: Outlines | None = None,
    finish: FinishChoice = AS_BEGUN,
) -> Run:
    """Go on with a run that has ended, as it was set up.

    The new run has the iterations, losses and votes of the old one, which stays as it is, and
    counts on. Optimisers go on with their momenta; those of DeepCut, and of the members of a
    Consensus, gather new ones.

    Parameters
    ----------
    run : Run
        It has ended with its closing step.
    image : array_like, or list of array_like
        As was given to `evolve`: a run does not keep its image.
    iterations : int
        Updates at most, those made so far among them.
    outlines : {"superpixels", "image"}, optional
        What the borders of final labels follow from now on; as before by default.
    finish : Finish, None or "as_begun"
        What final labels become from now on; as before by default.

    Returns
    -------
    Run
        Its record says at which iterations it was ended in between, so that `replay` makes the
        same labels.

    Raises
    ------
    ValueError
        When the run is live, has no fit or nothing left to do, or the image is another one.
    OutOfMemory, DeviceLost
        When memory does not suffice or the device fails already here.
    """
    record = run.record()
    _check(run, image, iterations)
    method, fit = run.method.replace(iterations=iterations), run.fit
    method = method.replace(outlines=outlines or method.outlines)
    where, precision = resolve_device(record["device"]), getattr(torch, record["precision"])
    # As `evolve` does, before there are threads with heaps of their own.
    if where.type == "cpu":
        keep_freed_memory()
    with explaining(), torch.inference_mode(False):
        keys = ("channel_axis", "mask", "scribbles", "spacing")
        given = check_given(image, method, *(record[key] for key in keys))
        regions = None if run.superpixels is None else list(run.superpixels)
        pairs = zip(given.images, given.masks, strict=True)
        inputs = gather(
            [fit.scaling(i, m) for i, m in pairs],
            seen_by(given.masks, regions),
            regions,
            given.scribbles,
            where,
            precision,
            Control(run.iteration),
            TrainingState(run.training_state),
            spacing=given.spacing,
        )
        return Run(
            method,
            network_of(method, given.images[0], fit).to(where),
            inputs,
            scaling=fit.scaling,
            shapes=[i.shape[1:] for i in given.images],
            superpixels=regions,
            scribbles=given.scribbles,
            provenance={
                **run.provenance,
                "method": method.as_dict(),
                "continued": [*record.get("continued", ()), run.iteration],
            },
            outlining=Outlining(
                as_list(image), given.masks, fit.scaling, record, background=method.instances
            ),
            threads=run.threads,
            after=run,
            finish=chosen(finish, run.finished_as),
        )


def _check(run: Run, image: Any, iterations: int) -> None:
    if run.stopped is None:
        raise ValueError("The run is live: stop it first.")
    if iterations <= run.iteration:
        raise ValueError(
            f"The run has had {run.iteration} iterations: ask for more than these to go on."
        )
    images, known = as_list(image), run.record()["images"]
    if len(images) != len(known):
        raise ValueError(f"The run is of {len(known)} images: give these in order.")
    for each, expected in zip(images, known, strict=True):
        check_image(each, expected)
