"""A model file applied to a layer, all planes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import ALL, Index, Picture, read

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method

__all__ = ["Labelling"]


@dataclass(frozen=True)
class Labelling:
    """A model file and the image it is applied to; call it in a worker thread."""

    model: str
    picture: Picture
    device: str
    threads: int

    @property
    def index(self) -> Index:
        """All of the image."""
        return (ALL,) * len(self.picture.shape)

    def __call__(self) -> tuple[Method, NDArray[Any], dict[str, Any]]:
        """Label the image; return the method of the model, the labels and their record.

        Raises
        ------
        ValueError
            When the model cannot be read, or does not fit the image.
        OSError
            When there is no such file.
        """
        from napari_selfseg.io import load_fit
        from napari_selfseg.scale import apply_fit

        fit = load_fit(self.model)
        image = read(self.picture, self.index)
        labels, record = apply_fit(
            fit,
            image,
            channel_axis=-1 if image.ndim > len(self.index) else None,
            device=self.device,
            threads=self.threads,
            name=self.picture.name,
        )
        return fit.method, labels, record
