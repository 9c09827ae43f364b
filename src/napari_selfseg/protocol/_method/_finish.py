"""What becomes of the labels of a method at last, where somebody asked for something else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.parameters import Parameters

__all__ = ["AS_BEGUN", "Finish", "FinishChoice", "chosen"]

# As was asked for when the run began.
AS_BEGUN: Final = "as_begun"


class Finish(Parameters, ABC):
    """A last step from labels of any method to those that are wanted: a record of its parameters.

    It is applied where labels leave a run, and nowhere before: so it can be chosen again after the
    run. `napari_selfseg.AsObjects` is one.
    """

    @abstractmethod
    def __call__(
        self,
        labels: NDArray[np.integer[Any]],
        image: NDArray[np.float32],
        *,
        valid: NDArray[np.bool_] | None,
        spacing: tuple[float, ...],
        instances: bool,
    ) -> NDArray[Any]:
        """Finish the labels of an image.

        Parameters
        ----------
        labels : ndarray of int
            ``(*spatial)`` from 1; 0 where there are no data, and on the background of objects.
        image : ndarray of float32
            ``(C, *spatial)`` from 0 to 1.
        valid : ndarray of bool or None
            ``(*spatial)`` True where there are data; None when that is everywhere.
        spacing : tuple of float
            Physical size of a pixel along each axis.
        instances : bool
            Whether labels are objects already (`Method.instances`).

        Returns
        -------
        ndarray of uint8, uint16 or uint32
            ``(*spatial)``, a new array.

        Raises
        ------
        ValueError
            When a parameter does not suit the image.
        """

    def check(self) -> None:
        """Refuse what cannot be used, before a run.

        Raises
        ------
        ValueError
            With what to do.
        """
        return


FinishChoice = Finish | None | Literal["as_begun"]


def chosen(choice: FinishChoice, begun: Finish | None) -> Finish | None:
    """Return what is wanted; ``"as_begun"`` is what was asked for when the run began.

    None leaves labels as they are.
    """
    return begun if choice == AS_BEGUN else choice
