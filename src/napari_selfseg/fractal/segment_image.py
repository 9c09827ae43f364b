"""One OME-Zarr image is segmented, and its labels go into it: a parallel task of Fractal."""

from __future__ import annotations

import logging

from pydantic import validate_call

from napari_selfseg.fractal._settings import Settings

__all__ = ["segment_image"]

logger = logging.getLogger("segment_image")  # run as a script its name is __main__


@validate_call
def segment_image(
    *,
    zarr_url: str,
    channels: list[str] | None = None,
    label_name: str = "objects",
    method: str = "objects",
    segments: int | None = None,
    as_objects: bool = False,
    smallest: str | None = None,
    largest: str | None = None,
    recipe: str | None = None,
    table_name: str | None = None,
    memory_gb: float | None = None,
    device: str = "auto",
    overwrite: bool = False,
) -> None:
    """Segment an image without annotations and without a pretrained model.

    Finds objects (nuclei, cells, grains) one by one, or divides the image into segments, by what
    it learns from this image alone. Labels go into the image, and so does a feature table where one
    is named.

    A run that was ended is gone on with, and labels of the same settings and of an image that is
    still the same stay as they are, so that a workflow can be started again.

    Parameters
    ----------
    zarr_url : str
        The OME-Zarr image.
    channels : list of str, optional
        Take only these channels, together: labels such as DAPI, wavelength ids such as A01_C01, or
        numbers from 1. All by default.
    label_name : str
        Name of the labels in the image.
    method : str
        One of objects, consensus, backprop, dic, dsc, deepcut and sgseg, if wanted with its
        parameters, such as backprop:iterations=200,channels=50.
    segments : int, optional
        Divide the image into this many segments; not with objects.
    as_objects : bool
        Finish the segments of any method as objects on a background.
    smallest : str, optional
        Least size of an object, in pixels or with a unit, such as 20um2 or 500um3.
    largest : str, optional
        Largest size of an object, as the least one.
    recipe : str, optional
        A recipe, labels that were made before, or a model (.safetensors), in place of the settings
        above.
    table_name : str, optional
        Also measure the labels, as a feature table of this name in the image.
    memory_gb : float, optional
        What the task may take; an image that needs more is done tile by tile.
    device : str
        Where to compute: auto, cpu, cuda.
    overwrite : bool
        Replace labels and a table of these names that this program wrote.

    Raises
    ------
    ValueError
        When something cannot be used; the message says what to do.
    OSError
        When the image cannot be read, or nothing can be written into it.
    """
    settings = Settings(
        method=method,
        segments=segments,
        as_objects=as_objects,
        smallest=smallest,
        largest=largest,
        file=recipe,
        channels=tuple(channels or ()),
    )
    made = settings.into_image(
        zarr_url,
        label_name,
        table=table_name,
        memory_gb=memory_gb,
        device=device,
        overwrite=overwrite,
    )
    what = "were there already" if made.before else f"made in {made.seconds:.1f} s"
    logger.info("%s/labels/%s: %d labels, %s", zarr_url, label_name, made.labels, what)


if __name__ == "__main__":
    from fractal_task_tools.task_wrapper import run_fractal_task

    run_fractal_task(task_function=segment_image)
