"""A consensus of an image larger than memory: what each block says, brought together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._image_evidence import ImageEvidence
from napari_selfseg.consensus._kind import Wanted
from napari_selfseg.consensus._line_borders import heights_of, line_faces
from napari_selfseg.consensus._objects._pieces import Pieces, pieces_of, sums_of
from napari_selfseg.consensus._sources import SOURCES, Borders, Parts, Source, touching
from napari_selfseg.grid import Grid
from napari_selfseg.protocol import Found, Joined, Picture
from napari_selfseg.superpixels import AutomaticWatershed, ContourWatershed, blocks
from napari_selfseg.superpixels._watersheds._lines import Lines, polarity_of

__all__ = ["InBlocks"]

# Labels of an image whose segments are not shown in a table: as many as 32 bits name.
MOST: Final = 2**31 - 1


@dataclass(frozen=True)
class InBlocks:
    """See `napari_selfseg.protocol.Blockwise`.

    Attributes
    ----------
    superpixels : AutomaticWatershed
        What cuts a block.
    structure, smallest, level, n_segments, seed
        As of `Consensus`.
    """

    superpixels: AutomaticWatershed
    structure: Wanted
    smallest: int
    level: float
    n_segments: int
    seed: int

    def grid(self, shape: tuple[int, ...]) -> Grid:
        """See `Blockwise.grid`."""
        return Parts.grid_of(shape)

    def learn(self, picture: Picture) -> Found:
        """See `Blockwise.learn`."""
        parts = Parts(picture, self.seed, polarity=polarity_of(self.structure))
        found = dict(parts.learnt)
        if self.structure != "regions":
            found["lines"] = np.array(parts.lines, np.float64)
        for source in self._sources(found):
            learnt = source.learnt(parts)
            found |= {f"{source.name}/{name}": value for name, value in learnt.items()}
        return found

    def cut(self, known: Found, picture: Picture, number: int) -> NDArray[np.int32]:
        """See `Blockwise.cut`."""
        grid = blocks(picture.shape)
        image, mask = picture.window(grid.inner(number))
        density = ContourWatershed.density(int(known["pixels"]), len(grid))
        ones = np.ones(mask.ndim)
        found = self.superpixels.cut(image, ones, mask, _lines(known), density)
        return found.astype(np.int32)

    def compare(self, known: Found, picture: Picture, superpixels: Any, number: int) -> Found:
        """See `Blockwise.compare`."""
        parts = Parts(picture, self.seed).remember(known)
        ids, rows = sums_of(parts, number, superpixels)
        found: dict[str, NDArray[Any]] = {"sums.ids": ids, "sums.rows": rows}
        if (lines := self._cells(known)) is None:
            faces = touching(
                np.asarray(superpixels[parts.grid.outer(number)]), parts.grid.crop(number)
            )
        else:
            faces = line_faces(parts, number, superpixels, lines)
        found |= {f"faces.{name}": value for name, value in faces._asdict().items()}
        for source in self._sources(known):
            said = source.of_block(_of(known, source), parts, number, superpixels)
            found |= {f"{source.name}.{name}": value for name, value in said.items()}
        return found

    def join(
        self,
        known: Found,
        grid: Grid,
        homes: NDArray[np.int64],
        compared: Callable[[str], Iterator[Found]],
    ) -> Joined:
        """See `Blockwise.join`."""
        look = _Gathered(_lines(known), grid, compared, len(homes))
        evidence = ImageEvidence(look.borders(homes))
        evidence.look = look
        for source in self._sources(known):
            for said in source.said(_of(known, source), compared(source.name), evidence.borders):
                evidence.take(said)
        found = evidence.hierarchy(self.level, self.structure, self.smallest, last=True)
        automatic = found.automatic
        wanted = min(self.n_segments or automatic, MOST)
        return Joined(found.tree, wanted, found.words, evidence.maps, automatic)

    def _cells(self, known: Found) -> Lines | None:
        """Return the lines that segments lie between, if they do."""
        lines = _lines(known)
        if lines is None or not (self.structure.endswith("lines") or lines.clear):
            return None
        return None if self.structure == "objects" else lines

    def _sources(self, known: Found) -> tuple[Source, ...]:
        return SOURCES if self._cells(known) is None else SOURCES[:1]


@dataclass(frozen=True)
class _Gathered:
    """An image as its blocks have found it: see `napari_selfseg.consensus._image_features.Look`."""

    found: Lines | None
    grid: Grid
    compared: Callable[[str], Iterator[Found]]
    n: int

    @property
    def lines(self) -> Lines:
        """See `Look.lines`."""
        if self.found is None:
            raise ValueError("Nobody looked for lines.")
        return self.found

    def borders(self, homes: NDArray[np.int64]) -> Borders:
        """Return the superpixels, and where they touch; `homes` is the block of each, ``(n,)``."""
        sizes = np.zeros(self.n, np.int64)
        for block in self.compared("sums"):
            sizes[block["ids"] - 1] = block["rows"][:, 0]
        keys, lengths = self._added("lengths")
        edges = np.stack((keys // (self.n + 1), keys % (self.n + 1)), axis=1)
        # The superpixels may be on the disk: sizes, edges and lengths of borders will do.
        nothing = np.zeros((0,) * len(self.grid.shape), np.int32)
        return Borders(nothing, sizes, edges, lengths, homes)

    def line_heights(self, borders: Borders) -> NDArray[np.float64]:
        """See `Look.line_heights`."""
        return heights_of(self._added("strengths")[1], borders.lengths)

    def pieces(self, borders: Borders, histograms: NDArray[np.float32]) -> Pieces:
        """See `Look.pieces`."""
        sums = ((block["ids"], block["rows"]) for block in self.compared("sums"))
        d = len(self.grid.shape)
        return pieces_of(sums, borders.edges - 1, borders.lengths, histograms, d)

    def _added(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Add up over blocks what is known of borders; return these as sorted numbers."""
        blocks = list(self.compared("faces"))
        # Each pair of superpixels as one number, so that faces in several blocks add up.
        keys = np.concatenate([each["edges"] @ (self.n + 1, 1) for each in blocks])
        values = np.concatenate([each[name] for each in blocks])
        found, which = np.unique(keys, return_inverse=True)
        return found, np.bincount(which, values, len(found)).astype(np.float64)


def _lines(known: Found) -> Lines | None:
    return Lines.restored(known["lines"]) if "lines" in known else None


def _of(known: Found, source: Source) -> Found:
    start = f"{source.name}/"
    return {name.removeprefix(start): known[name] for name in known if name.startswith(start)}
