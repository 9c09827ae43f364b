"""Fit once, apply everywhere: frozen weights that give the same class the same number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.protocol._given._checks import as_channels_first, as_mask, check_finite
from napari_selfseg.protocol._given._device import limited_threads, resolve_device, resolve_threads
from napari_selfseg.protocol._given._failures import explaining
from napari_selfseg.protocol._given._scaling import Scaling
from napari_selfseg.protocol._method._abilities import Smoothing, Sorting
from napari_selfseg.protocol._method._blocks import predicted
from napari_selfseg.protocol._method._labels import as_superpixels
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.regions import vote
from napari_selfseg.remedies import CHANNELS

__all__ = ["Fit", "label_dtype", "small"]


@dataclass(frozen=True)
class Fit:
    """A trained network with the statistics of its closing forward.

    Attributes
    ----------
    method : Method
        What was trained.
    in_channels : int
        Channels an image must have.
    ndim : int
        Spatial dimensions an image must have.
    scaling : Scaling
        Grey levels that become 0 and 1.
    classes : tuple of int
        Class ids that occur in the labels of the fitted images, from 1.
    weights : mapping of str to Tensor
        Parameters and frozen statistics, on the CPU.
    training_state : mapping of str to Tensor
        Beside the weights, where training is to go on from here; see `Run.training_state`.
    """

    method: Method
    in_channels: int
    ndim: int
    scaling: Scaling
    classes: tuple[int, ...]
    weights: Mapping[str, Tensor]
    training_state: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def reach(self) -> int | None:
        """Receptive field to each side in pixels; None when the whole image matters."""
        return self.method.reach

    @property
    def stride(self) -> int:
        """Alignment that tiles need, in pixels."""
        return self.method.stride

    def predict(
        self,
        image: Any,
        *,
        channel_axis: int | None = None,
        mask: Any = None,
        superpixels: NDArray[np.integer[Any]] | None = None,
        device: str | torch.device = "auto",
        threads: int | None = None,
        part: bool = False,
    ) -> NDArray[Any]:
        """Label an image with the class ids of this fit.

        Parameters
        ----------
        image : array_like
            ``(*spatial)``, with channels along `channel_axis`.
        channel_axis : int, optional
            Axis of the channels; None when there is none.
        mask : array_like of bool, optional
            True where there are data.
        superpixels : ndarray of int, optional
            ``(*spatial)``; when given, each superpixel gets the label most of its pixels have.
        device : str or torch.device
            ``"auto"`` takes the fastest there is.
        threads : int, optional
            CPU threads.
        part : bool
            Whether it is a part of a larger image, which alone tells whether its grey values are
            in the units of the fit: a part may be all dark.

        Returns
        -------
        ndarray of uint8 or uint16
            ``(*spatial)``, classes from 1, 0 where there are no data.

        Raises
        ------
        ValueError
            When the image does not fit what was trained, or cannot be used at all.
        OutOfMemory, DeviceLost
            When memory does not suffice or the device fails.
        """
        array, valid = self._checked(image, channel_axis, mask)
        index = None if superpixels is None else as_superpixels(superpixels, array.shape[1:], valid)
        if index is not None:
            valid = as_mask(index, index.shape)
        if not part:
            self.scaling.check_units(array, valid)
        where = resolve_device(device)
        with explaining(), limited_threads(resolve_threads(threads)), torch.no_grad():
            x, seen = self._seen(array, valid, where)
            regions = None
            if index is not None:
                regions = torch.from_numpy(index.astype(np.int64))[None].to(where)
            labels = predicted(self.method, self.restored(where), x, seen, regions)[0]
            return self._finished(labels, valid, index)

    def smoothed(
        self,
        image: Any,
        *,
        channel_axis: int | None = None,
        mask: Any = None,
        device: str | torch.device = "auto",
        threads: int | None = None,
    ) -> NDArray[np.float32]:
        """Smooth an image within superpixels, as a method learned to that does so (DSC).

        Parameters
        ----------
        image : array_like
            ``(*spatial)``, with channels along `channel_axis`.
        channel_axis : int, optional
            Axis of the channels; None when there is none.
        mask : array_like of bool, optional
            True where there are data.
        device : str or torch.device
            ``"auto"`` takes the fastest there is.
        threads : int, optional
            CPU threads.

        Returns
        -------
        ndarray of float32
            Of the image's shape, between 0 and 1; 0 where there are no data.

        Raises
        ------
        ValueError
            When the method smooths no images, or the image does not fit what was trained.
        OutOfMemory, DeviceLost
            When memory does not suffice or the device fails.
        """
        if not isinstance(self.method, Smoothing):
            raise ValueError(f"{self.method.title} smooths no images; DSC, for one, does.")
        array, valid = self._checked(image, channel_axis, mask)
        self.scaling.check_units(array, valid)
        where = resolve_device(device)
        with explaining(), limited_threads(resolve_threads(threads)), torch.no_grad():
            x, seen = self._seen(array, valid, where)
            smooth = self.method.smoothed(self.restored(where), x, seen)[0].cpu().numpy()
        found: NDArray[np.float32] = smooth.astype(np.float32)
        if valid is not None:
            found[:, ~valid] = 0
        return found[0] if channel_axis is None else np.moveaxis(found, 0, channel_axis)

    def object_classes(
        self,
        image: Any,
        labels: Any,
        *,
        channel_axis: int | None = None,
        mask: Any = None,
        device: str | torch.device = "auto",
        threads: int | None = None,
    ) -> NDArray[np.int64]:
        """Say of each object which kind it is most like, as strokes have shown them (Objects).

        Parameters
        ----------
        image : array_like
            ``(*spatial)``, with channels along `channel_axis`.
        labels : array_like of int
            ``(*spatial)`` objects from 1 on it, also corrected ones; 0 of the background.
        channel_axis : int, optional
            Axis of the channels; None when there is none.
        mask : array_like of bool, optional
            True where there are data.
        device : str or torch.device
            ``"auto"`` takes the fastest there is.
        threads : int, optional
            CPU threads.

        Returns
        -------
        ndarray of int64
            ``(n + 1,)`` by object: the label of the strokes that showed its kind; 0 of the
            background and of numbers that no object has. ``classes[labels]`` is a map of them.

        Raises
        ------
        ValueError
            When the method knows no kinds, or image or labels do not fit.
        OutOfMemory, DeviceLost
            When memory does not suffice or the device fails.
        """
        if not isinstance(self.method, Sorting):
            raise ValueError(f"{self.method.title} knows no kinds of objects; Objects does.")
        array, valid = self._checked(image, channel_axis, mask)
        objects = np.asarray(labels)
        if objects.shape != array.shape[1:] or objects.dtype.kind not in "bui":
            raise ValueError(
                f"The labels of shape {objects.shape} are no objects of the image of "
                f"{array.shape[1:]}: give whole numbers, one a pixel."
            )
        where = resolve_device(device)
        with explaining(), limited_threads(resolve_threads(threads)), torch.no_grad():
            x, seen = self._seen(array, valid, where)
            network = self.restored(where)
            found = self.method.classes_of(network, x, seen, objects.astype(np.int32))
        there = np.bincount(objects.ravel().astype(np.int64), minlength=1) > 0
        there[0] = False
        return np.where(there, np.concatenate(([0], found)), 0).astype(np.int64)

    def restored(self, device: torch.device) -> nn.Module:
        """Build the network with its weights, ready to predict.

        Parameters
        ----------
        device : torch.device
            Where to put it.

        Returns
        -------
        torch.nn.Module
            In evaluation mode.
        """
        # What is drawn here is replaced at once by the weights of the fit.
        generator = torch.Generator().manual_seed(0)
        network = self.method.network(self.in_channels, self.ndim, generator)
        network.load_state_dict(dict(self.weights))
        return network.to(device).eval()

    def _checked(
        self, image: Any, channel_axis: int | None, mask: Any
    ) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        array = as_channels_first(image, channel_axis, (self.ndim,))
        if len(array) != self.in_channels:
            raise ValueError(
                f"The image has {len(array)} channels, the fit was made with {self.in_channels}: "
                f"{CHANNELS}."
            )
        valid = as_mask(mask, array.shape[1:])
        check_finite(array, valid)
        return array, valid

    def _seen(
        self, array: NDArray[Any], valid: NDArray[np.bool_] | None, where: torch.device
    ) -> tuple[Tensor, Tensor | None]:
        """Return image and mask as the network sees them."""
        x = torch.from_numpy(self.scaling(array, valid))[None].to(where)
        return x, None if valid is None else torch.from_numpy(valid)[None, None].to(where)

    def _finished(
        self,
        labels: Tensor,
        valid: NDArray[np.bool_] | None,
        superpixels: NDArray[np.int32] | None,
    ) -> NDArray[Any]:
        n = self.method.n_classes
        if superpixels is not None:
            index = torch.from_numpy(superpixels.astype(np.int64)).to(labels.device)
            result = vote(labels, index, int(superpixels.max()), n)[index]
        else:
            result = labels + 1
        found: NDArray[Any] = result.cpu().numpy().astype(label_dtype(n))
        if valid is not None:
            found[~valid] = 0
        return found


def label_dtype(n_classes: int) -> type[np.uint8] | type[np.uint16]:
    """Return the smallest type for labels 0 to n_classes; small ones keep a viewer fast."""
    return np.uint8 if n_classes < 256 else np.uint16


def small(votes: Tensor, n_classes: int) -> Tensor:
    """Copy labels 0 to n_classes into the smallest type torch computes with: uint8 or int16."""
    return votes.to(torch.uint8 if n_classes < 256 else torch.int16)
