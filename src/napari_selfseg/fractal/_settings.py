"""What a form of Fractal asks for, as a recipe, and done with one image."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil

from napari_selfseg.catalogue import known_methods
from napari_selfseg.instances import AsObjects
from napari_selfseg.io import labels_in, table_in
from napari_selfseg.parameters import parse
from napari_selfseg.protocol import Method
from napari_selfseg.scale import LabelResult, Recipe, label

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings as they come from a form.

    Attributes
    ----------
    method : str
        Its name, with parameters such as ``"backprop:iterations=200"``.
    smallest, largest : str or None
        Sizes of objects.
    file : str or None
        A recipe, labels or a model in place of all that.
    channels : tuple of str
        Only these, by label, wavelength or number; those of the file, or all, where it is empty.
    """

    method: str = "objects"
    segments: int | None = None
    as_objects: bool = False
    smallest: str | None = None
    largest: str | None = None
    file: str | None = None
    channels: tuple[str, ...] = ()

    @property
    def recipe(self) -> Recipe:
        """The same as a recipe.

        Raises
        ------
        ValueError
            When the settings do not go together.
        """
        if self.file is not None:
            return self._from_file(self.file).of_channels(self.channels)
        method = cast(Method, parse(self.method, known_methods(), "method"))
        finish = self._finish(method)
        return Recipe(method, segments=self.segments, finish=finish, channels=self.channels)

    def into_image(
        self,
        image: str,
        name: str,
        *,
        table: str | None = None,
        memory_gb: float | None = None,
        device: str = "auto",
        overwrite: bool = False,
    ) -> LabelResult:
        """Label an OME-Zarr image, and write the labels, and their table if it has a name, into it.

        `memory_gb` is what the process may take in all. `overwrite` replaces labels and table of
        these names.

        Raises
        ------
        ValueError, OSError
            As `label`, `labels_in` and `table_in`.
        """
        recipe = self.recipe  # or a sentence, before anything is made
        # What is there is looked at by `label`: labels of the same recipe may stay.
        target = labels_in(image, name, overwrite=True)
        return label(
            Path(image),
            recipe,
            target,
            table=None if table is None else table_in(image, table, overwrite=True),
            memory=_of_a_run(memory_gb),
            resume=not overwrite,
            overwrite=overwrite,
            device=device,
        )

    def _from_file(self, file: str) -> Recipe:
        said = [
            each.name
            for each in dataclasses.fields(self)
            if each.name not in ("file", "channels") and getattr(self, each.name) != each.default
        ]
        if said:
            raise ValueError(f"The recipe in {file} says it all: leave {said[0]} as it is.")
        return Recipe.load(file)

    def _finish(self, method: Method) -> AsObjects | None:
        sizes: dict[str, Any] = {
            name: size
            for name, size in (("smallest", self.smallest), ("largest", self.largest))
            if size is not None
        }
        if sizes and not (self.as_objects or method.instances):
            raise ValueError(
                f"{', '.join(sizes)}: sizes are of objects: set as_objects, or take the method "
                "objects."
            )
        return AsObjects(**sizes) if self.as_objects or sizes else None


def _of_a_run(memory_gb: float | None) -> int | None:
    """Take off what the program itself holds."""
    if memory_gb is None:
        return None
    held = int(psutil.Process().memory_info().rss)
    if memory_gb * 10**9 <= held:
        raise ValueError(f"The program itself takes {held / 1e9:.1f} GB: allow more (memory_gb).")
    return int(memory_gb * 10**9) - held
