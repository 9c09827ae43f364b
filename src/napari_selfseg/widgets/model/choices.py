"""What can be chosen; found out in a worker thread, because it imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameters
    from napari_selfseg.protocol import Method
    from napari_selfseg.superpixels import Superpixels

__all__ = ["PRECISIONS", "Choices", "load"]

PRECISIONS: Final = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Choices:
    """Methods, algorithms and devices there are.

    Attributes
    ----------
    methods : tuple of type
        In the order of the menu.
    default : type
        The method selected first.
    superpixels : tuple of type
        Algorithms, in the order of the menu.
    files : tuple of type
        What else gives superpixels: files.
    devices : tuple of str
        ``"auto"`` first.
    """

    methods: tuple[type[Method], ...]
    default: type[Method]
    superpixels: tuple[type[Superpixels], ...]
    files: tuple[type[Parameters], ...]
    devices: tuple[str, ...]
    threads: int

    @property
    def objects(self) -> type[Method]:
        """The method for objects; the one selected first where there is none."""
        return next((each for each in self.methods if each.instances), self.default)


def load() -> Choices:
    """Import the methods and look for devices; takes seconds the first time."""
    import torch

    from napari_selfseg.catalogue import default_method, known_methods, known_superpixels
    from napari_selfseg.io import ContourMap

    cuda = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return Choices(
        methods=known_methods(),
        default=type(default_method()),
        superpixels=known_superpixels(),
        files=(ContourMap,),
        devices=("auto", "cpu", *cuda, *mps),
        threads=max(1, torch.get_num_threads() - 1),
    )
