"""Our own method: many label maps of one image vote on where its segments end."""

from napari_selfseg.consensus._method import Consensus
from napari_selfseg.consensus._superpixels import ConsensusSuperpixels

__all__ = ["Consensus", "ConsensusSuperpixels"]
