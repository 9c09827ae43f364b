"""A recipe: what is done to each image of a batch, as a file that can be shared."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from napari_selfseg.catalogue import finish_named, known_methods, known_superpixels
from napari_selfseg.io import atomic_file, load_fit, read_record
from napari_selfseg.parameters import restore
from napari_selfseg.protocol import Finish, Method
from napari_selfseg.scale._recipe._recipe_checks import check_recipe, is_whole
from napari_selfseg.scale._recipe._recorded import recorded
from napari_selfseg.superpixels import Superpixels

__all__ = ["Recipe"]

FORMAT: Final = "napari-selfseg recipe"
VERSION: Final = 1
MODEL: Final = ".safetensors"


@dataclass(frozen=True)
class Recipe:
    """What is done to each image: a method is trained on it, or a model is applied to it.

    Attributes
    ----------
    method : Method or None
        What is trained on each image; None where there is a model.
    superpixels : Superpixels or None
        None for those the method suggests; with a model, for labels as its network gives them.
    precision : {"auto", "float32", "bfloat16"}
        As for `evolve`.
    segments : int, "auto" or None
        How many segments the consensus of the iterations is cut into; None leaves the classes.
    connected : bool
        Whether every connected piece of a class becomes an object of its own.
    minimum_size : int
        Pieces of fewer pixels are given to a neighbour.
    model : str
        A file from `save_fit`, which gives a class the same number in every image; empty where
        there is a method.
    carry : {"independent", "warm", "joint"} or None
        How to go along stacks and time series, as for `over_stack`; None takes them as a whole. A
        single plane is one image either way.
    axis : str or None
        To go along, by name or number, such as ``"z"`` or ``"tz"``; None takes the first ones, so
        that what remains is as large as the method can take.
    stack_iterations, planes_fitted : int or None
        As ``iterations`` and ``planes_fitted`` of `over_stack`.
    finish : Finish or None
        What labels become at last, such as ``AsObjects(smallest="20 µm²")``: sizes in a unit are
        those of each image.
    channels : tuple of str
        Only these channels, by name or number, as for `read_image`; empty for all.

    Raises
    ------
    ValueError
        When these do not go together.
    """

    method: Method | None = None
    superpixels: Superpixels | None = None
    precision: str = "auto"
    segments: int | Literal["auto"] | None = None
    connected: bool = False
    minimum_size: int = 0
    model: str = ""
    carry: str | None = None
    axis: str | None = None
    stack_iterations: int | None = None
    planes_fitted: int | None = None
    finish: Finish | None = None
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_recipe(vars(self))

    @property
    def title(self) -> str:
        """What it does, in a few words."""
        return f"Model {Path(self.model).name}" if self.method is None else self.method.title

    @property
    def objects(self) -> dict[str, Any] | None:
        """What is done with the classes, as a record says it; None for nothing."""
        if not (self.connected or self.minimum_size):
            return None
        return {"connected": self.connected, "minimum_size": self.minimum_size}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Recipe:
        """Find out how labels were made, from the record of a file or a layer.

        Raises
        ------
        ValueError
            When it holds what belongs to one image alone; the message says what.
        """
        return cls.from_dict(recorded(record))

    def as_dict(self) -> dict[str, Any]:
        """Return every value, ready for JSON."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        for name in ("method", "superpixels", "finish"):
            values[name] = None if values[name] is None else values[name].as_dict()
        return {**values, "channels": list(self.channels)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """Make the recipe again that `as_dict` wrote; what is left out has its default.

        Raises
        ------
        ValueError
            When a name or a value is not known.
        """
        known = {each.name for each in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"A recipe has no {unknown[0]!r}.")
        found = dict(values)
        for name, kinds in (("method", known_methods()), ("superpixels", known_superpixels())):
            if found.get(name) is not None:
                if not isinstance(found[name], Mapping):
                    raise ValueError(f"The {name} of a recipe have a name and parameters.")
                found[name] = restore(found[name], kinds, name)
        if found.get("finish") is not None:
            if not isinstance(found["finish"], Mapping):
                raise ValueError("The finish of a recipe has a name and parameters.")
            found["finish"] = finish_named(found["finish"])
        if isinstance(found.get("channels"), list):
            found["channels"] = tuple(found["channels"])
        return cls(**found)

    def of_channels(self, channels: Sequence[str]) -> Recipe:
        """Return the recipe for these channels of an image; for none at all, as it is.

        Raises
        ------
        ValueError
            When it says others already.
        """
        if not channels or tuple(channels) == self.channels:
            return self
        if self.channels:
            raise ValueError(
                f"The recipe is for the channels {', '.join(self.channels)}: leave out others."
            )
        return dataclasses.replace(self, channels=tuple(channels))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON, whole or not at all.

        Parameters
        ----------
        path : path_like
            Ending in ``.json``. A model beside it is named without its folder, so that both can
            be moved together.

        Raises
        ------
        OSError
            When it cannot be written; nothing is left behind.
        """
        target = Path(path)
        values = self.as_dict()
        if self.model:
            model = Path(self.model).absolute()
            beside = model.parent == target.absolute().parent
            values["model"] = model.name if beside else str(model)
        text = json.dumps({"format": FORMAT, "version": VERSION, **values}, indent=2) + "\n"
        with atomic_file(target) as part:
            part.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recipe:
        """Read one from a file.

        Parameters
        ----------
        path : path_like
            From `save`; or a labels file, for how it was made; or a model, to apply it.

        Raises
        ------
        OSError
            When there is no such file, or it cannot be opened.
        ValueError
            When it holds no recipe, or a newer one than is known here.
        """
        file = Path(path)
        if file.suffix.lower() == MODEL:
            load_fit(file)
            return cls(model=str(file))
        if file.suffix.lower() != ".json":
            return cls.from_record(read_record(file))
        return _read(file)


def _read(file: Path) -> Recipe:
    values = _values(file)
    if values.get("model"):
        values["model"] = str(file.parent / str(values["model"]))
    try:
        return Recipe.from_dict(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"The recipe in {file.name} cannot be used: {error}") from None


def _values(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file.name} is damaged, or no recipe: {error}") from None
    if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
        raise ValueError(f"{file.name} is no recipe: choose one that was saved as a recipe.")
    version = found.pop("version", None)
    if not is_whole(version, 1):
        raise ValueError(f"{file.name} is damaged: it does not say its version.")
    if cast(int, version) > VERSION:
        raise ValueError(f"{file.name} was written by a newer napari-selfseg: update this one.")
    return found
