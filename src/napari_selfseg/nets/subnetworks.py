"""The network of DIC: feature transformation, then deep clustering."""

from __future__ import annotations

from torch import Tensor, nn

from napari_selfseg.nets.dcs import DCS
from napari_selfseg.nets.fts import FTS
from napari_selfseg.nets.responses import measure


class Subnetworks(nn.Module):
    """FTS and DCS one after the other (figure 1 of DIC).

    Parameters
    ----------
    fts : FTS
        Features Y of each pixel.
    dcs : DCS or None
        Their clustering; None where it is left out.

    References
    ----------
    doi:10.1109/ACCESS.2020.2974496
    """

    def __init__(self, fts: FTS, dcs: DCS | None) -> None:
        super().__init__()
        self.fts = fts
        self.dcs = dcs

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Compute the responses of each pixel.

        Parameters
        ----------
        x : Tensor, shape (N, in_channels, *spatial)
            Images, values about 0 to 1, and 0 where not `valid`.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels with data; None means all.

        Returns
        -------
        Tensor, shape (N, classes, *spatial)
        """
        y: Tensor = self.fts(x, valid)
        if self.dcs is not None:
            y = self.dcs(y, valid)
        return y

    def freeze(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Run the closing forward: keep the statistics, then the centres; return the responses.

        Parameters
        ----------
        x, valid
            As for `forward`.

        Returns
        -------
        Tensor, shape (N, classes, *spatial)
            Those of an evaluation, bit for bit.
        """
        y = measure(self.fts, x, valid)
        return y if self.dcs is None else self.dcs.freeze(y, valid)
