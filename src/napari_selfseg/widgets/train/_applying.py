"""A model file applied to a layer, all planes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_selfseg.widgets.layers import METADATA, placed
from napari_selfseg.widgets.picture import ALL, Picture, read
from napari_selfseg.widgets.results import palette

__all__ = ["Labelled", "Labelling", "add_labelled"]


@dataclass(frozen=True)
class Labelled:
    """Labels by a model.

    Attributes
    ----------
    labels : ndarray of int
        ``(*spatial)`` of the layer.
    record : dict
        How they were made.
    title : str
        Of the method.
    n_classes : int
        Classes a label can name.
    """

    labels: NDArray[Any]
    record: dict[str, Any]
    title: str
    n_classes: int


@dataclass(frozen=True)
class Labelling:
    """A model and the image it is applied to; call it in a worker thread.

    Attributes
    ----------
    model : str
        File of the model.
    picture : Picture
        The image.
    device : str
        As for `napari_selfseg.evolve`.
    threads : int
        CPU threads.
    """

    model: str
    picture: Picture
    device: str
    threads: int

    def __call__(self) -> Labelled:
        """Label the image.

        Returns
        -------
        Labelled

        Raises
        ------
        ValueError
            When the model cannot be read, or does not fit the image.
        OSError
            When there is no such file.
        """
        from napari_selfseg.io import load_fit
        from napari_selfseg.scale import applied

        fit = load_fit(self.model)
        shape = self.picture.shape
        image = read(self.picture, (ALL,) * len(shape))
        labels, record = applied(
            fit,
            image,
            channel_axis=-1 if image.ndim > len(shape) else None,
            device=self.device,
            threads=self.threads,
            name=self.picture.name,
        )
        return Labelled(np.asarray(labels), record, fit.method.title, fit.method.n_classes)


def add_labelled(viewer: Any, source: Any, found: Labelled) -> Any:
    """Add the labels over their image, in the colours of the model's classes.

    Parameters
    ----------
    viewer : napari.Viewer
        Where to add them.
    source : napari.layers.Image
        The image.
    found : Labelled
        What to add.

    Returns
    -------
    napari.layers.Labels
    """
    layer = Labels(
        found.labels,
        name=f"{source.name} [{found.title}, applied]",
        colormap=palette(found.n_classes),
        metadata={METADATA: found.record},
        **placed(source, (ALL,) * found.labels.ndim),
    )
    return viewer.add_layer(layer)
