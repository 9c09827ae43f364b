r"""Consensus: every label map says where segments end, and what they are like.

Label maps c of an image give every superpixel a the histogram :math:`P_a^c` of its labels: of
clusters of colour, texture and textons, whose labels mean the same everywhere, that of its pixels;
of regions at several scales and of networks that are trained on the image, where those are wanted,
the one label that most pixels have. Maps come in families f, which count equally. Neighbouring
superpixels a and b are apart by

.. math::

    h_{ab} = \frac{1}{F} \sum_f \frac{1}{|f|} \sum_{c \in f} \tfrac12 \|P_a^c - P_b^c\|_1

which for votes is the complement of the co-association of evidence accumulation. A spectral step
weighs what a border means for the whole image (`napari_selfseg.hierarchy.globalised`), and
agglomeration by regions makes a tree of segments (`napari_selfseg.hierarchy.agglomerate`), which is
cut where a merge costs more than one minus the granularity.

Networks are trained side by side, on half the resolution and on fine superpixels of their own, and
vote every few updates. The maps of
a fit are those of frozen copies of the networks at these times, so that a fit applied to its own
image makes the same segments again. On another image a segment gets the label of the segment of
the fit that it resembles most, in its mean colours and in its share of the networks' classes.

References
----------
Fred and Jain, Combining multiple clusterings using evidence accumulation, IEEE TPAMI 2005,
doi:10.1109/TPAMI.2005.113.

Arbeláez, Maire, Fowlkes and Malik, Contour detection and hierarchical image segmentation, IEEE
TPAMI 2011, doi:10.1109/TPAMI.2010.161.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.consensus._cost import Costs
from napari_selfseg.consensus._in_blocks import InBlocks
from napari_selfseg.consensus._settings import MOST
from napari_selfseg.consensus._sources import LabelMap
from napari_selfseg.consensus._votes._classical import ballot_of, classical_votes
from napari_selfseg.consensus._votes._evidence import Evidence, cut
from napari_selfseg.consensus._votes._halving import halved
from napari_selfseg.consensus._votes._members import Ended, Members
from napari_selfseg.consensus._votes._naming import as_met, names_of, projected
from napari_selfseg.consensus._votes._training import SideBySide
from napari_selfseg.hierarchy import Hierarchy
from napari_selfseg.protocol import (
    Ballot,
    Inputs,
    Method,
    Step,
    Stop,
    over_segmented,
    restored_size,
    shrunk,
    small,
    steps_of,
)
from napari_selfseg.superpixels import AutomaticWatershed

__all__ = ["Consensus"]


class Consensus(Costs):
    """Consensus of clusters, of regions and, where wanted, of networks trained on the image."""

    name: ClassVar[str] = "consensus"
    title: ClassVar[str] = "Consensus"
    citation: ClassVar[str] = (
        "Fred and Jain, Combining multiple clusterings using evidence accumulation, IEEE TPAMI 2005"
    )
    doi: ClassVar[str] = "10.1109/TPAMI.2005.113"
    segments: ClassVar[bool] = True
    costless: ClassVar[tuple[str, ...]] = (
        *Costs.costless,
        "every",
        "granularity",
        "n_segments",
        "structure",
        "smallest",
    )

    @property
    def n_classes(self) -> int:
        """Number of segments a label can name."""
        return MOST

    @property
    def reach(self) -> None:
        """The whole image decides."""
        return None

    @property
    def level(self) -> float:
        """One minus the granularity."""
        return 1 - self.granularity

    def default_superpixels(self) -> AutomaticWatershed:
        """Regions between contours, or between lines: what the segments are made of."""
        shown = "regions" if self.structure == "objects" else self.structure
        return AutomaticWatershed(structure=shown)

    def blockwise(self) -> InBlocks | None:
        """See `Method.blockwise`; networks see the whole image at once."""
        if self.resolved() or not self.classical:
            return None
        return InBlocks(
            self.default_superpixels(),
            self.structure,
            self.smallest,
            self.level,
            self.n_segments,
            self.seed,
        )

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build the network of each member, which has a seed of its own."""

        def build(number: int) -> nn.Module:
            member = members[number]
            return member.network(in_channels, ndim, torch.Generator().manual_seed(member.seed))

        members = self.resolved()
        return Members([build(number) for number in range(len(members))], build)

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Let the classical maps vote, then train, and let the networks vote from time to time."""
        M, members = cast(Members, network), self.resolved()
        evidence = self._begin(M, inputs)
        for _ in self._first_looks(M, evidence, inputs):
            yield self._step(0, M, evidence, {}, inputs, in_passing=True)
        with contextlib.closing(SideBySide(members, M, self._seen(M, inputs))) as work:
            work.advance()
            for t in inputs.control.iterations(self.iterations):
                with inputs.control.closing():
                    self._networks_vote(M, evidence, inputs)
                yield self._step(t, M, evidence, work.losses, inputs)
                if not members:
                    return Stop("finished", _sentence(M.hierarchies))
                work.advance()
        return None

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Cut once more, and remember what each segment is like."""
        M = cast(Members, network)
        evidence = M.evidence or self._begin(M, inputs)
        # A run that was stopped early numbers its segments as one that was not.
        for _ in self._first_looks(M, evidence, inputs):
            self._cut(M, evidence, in_passing=True)
        self._networks_vote(M, evidence, inputs)
        if M.pending or not M.hierarchies:
            self._cut(M, evidence)
        names, segments = as_met(M.shown)
        M.prototypes = evidence.features(segments, inputs.x)
        M.names = torch.from_numpy(names)
        if inputs.drawn is not None:  # which no resemblance knows
            return projected(torch.from_numpy(M.shown), cast(Tensor, inputs.index))
        return self._named(M, segments, M.prototypes, cast(Tensor, inputs.index))

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Make segments of an image, and give each the label of the one it resembles most."""
        M = cast(Members, network)
        if not len(M.names):
            raise ValueError(
                "This was found out about the blocks of one image, and says nothing of another: "
                "run Consensus on this image."
            )
        if index is None:
            index = over_segmented(self.default_superpixels(), x, valid)
        evidence = Evidence(index)
        deque(classical_votes(self, evidence, x, valid), maxlen=0)
        self._vote_again(M.kept, evidence, x, valid)
        segments = as_met(self._segments(evidence))[1]
        return self._named(M, segments, evidence.features(segments, x), index)

    def ballots(self, network: nn.Module) -> tuple[Ballot, ...]:
        """Return what has voted since the last step."""
        return cast(Members, network).take_pending()

    def hierarchies(self, network: nn.Module) -> tuple[Hierarchy, ...]:
        """Return the tree of each image, as it was cut last."""
        return cast(Members, network).hierarchies

    def _begin(self, M: Members, inputs: Inputs) -> Evidence:
        evidence = Evidence(cast(Tensor, inputs.index), inputs.drawn)

        def check() -> None:
            # Maps that have begun to speak speak to their end, unless nobody wants any.
            with inputs.control.closing():
                pass

        # What was found out about an image holds for no other shape.
        known = inputs.findings if inputs.valid is None else ()
        coming = classical_votes(self, evidence, inputs.x, inputs.valid, check, known)
        before = M.begin(evidence, coming)
        if inputs.control.begun:
            self._remember(M, before, evidence, inputs)
        return evidence

    def _remember(self, M: Members, before: Ended, evidence: Evidence, inputs: Inputs) -> None:
        """Let all vote again that had voted when an earlier run ended, and keep its numbers."""
        # This goes through all of them, and keeps none.
        deque(M.coming, maxlen=0)
        self._vote_again(before.kept, evidence, inputs.x, inputs.valid)
        M.kept, M.voted = before.kept, inputs.control.begun
        segments = as_met(self._segments(evidence))[1]
        features = evidence.features(segments, inputs.x)
        M.show(names_of(before.prototypes, before.names, segments, features).numpy())

    def _vote_again(
        self, kept: nn.ModuleList, evidence: Evidence, x: Tensor, valid: Tensor | None
    ) -> None:
        """Let frozen copies of the networks vote on an image."""
        steps, members = self._steps(x), self.resolved()
        seen = shrunk(x, valid, steps)
        for number, copy in enumerate(kept):
            member = members[number % len(members)]
            self._vote(evidence, member, member.predict(copy, *seen), x, steps)

    def _first_looks(self, M: Members, evidence: Evidence, inputs: Inputs) -> Iterator[None]:
        """Take the votes of the classical maps, and stop for a look before those of each family."""
        for ballot in M.coming:
            if M.pending and M.pending[-1].family != ballot.family:
                yield
            M.pending.append(ballot)
            inputs.control.check()

    def _networks_vote(self, M: Members, evidence: Evidence, inputs: Inputs) -> None:
        """Where it is time, keep a frozen copy of each network, and let its labels vote."""
        t = inputs.control.done
        if evidence and (t == M.voted or t == 0 or t % self.every):
            return
        M.voted = t
        seen, members = self._seen(M, inputs), self.resolved()
        labels = [
            member.freeze(network, seen) for member, network in zip(members, M.live, strict=True)
        ]
        M.keep()
        steps = self._steps(inputs.x)
        M.pending += [
            self._vote(evidence, member, each, inputs.x, steps)
            for member, each in zip(members, labels, strict=True)
        ]

    def _vote(
        self, evidence: Evidence, member: Method, labels: Tensor, x: Tensor, steps: Sequence[int]
    ) -> Ballot:
        large = restored_size(labels, x.shape[2:], steps).cpu().numpy()
        maps = [LabelMap("networks", each, member.n_classes) for each in large]
        evidence.describe(maps)
        return ballot_of("networks", evidence.add(maps))

    def _cut(self, M: Members, evidence: Evidence, *, in_passing: bool = False) -> None:
        M.hierarchies = self._trees(evidence, in_passing=in_passing)
        M.show(cut(M.hierarchies, self.n_segments, MOST))

    def _segments(self, evidence: Evidence) -> NDArray[np.int64]:
        return cut(self._trees(evidence), self.n_segments, MOST)

    def _trees(self, evidence: Evidence, *, in_passing: bool = False) -> tuple[Hierarchy, ...]:
        how = {"in_passing": in_passing}
        return evidence.hierarchies(self.level, self.structure, self.smallest, **how)

    def _named(
        self, M: Members, segments: NDArray[np.int64], features: Tensor, index: Tensor
    ) -> Tensor:
        """Return the class of each pixel: that of the prototype its segment is nearest to."""
        return projected(names_of(M.prototypes, M.names, segments, features), index)

    def _step(
        self,
        t: int,
        M: Members,
        evidence: Evidence,
        losses: dict[str, Tensor],
        inputs: Inputs,
        *,
        in_passing: bool = False,
    ) -> Step:
        ballots = self.ballots(M)
        if ballots:
            self._cut(M, evidence, in_passing=in_passing)
        votes = torch.from_numpy(np.concatenate(([0], M.shown))).to(inputs.x.device)
        count = torch.tensor(len(np.unique(M.shown)))
        return Step(t, self.updates, small(votes, MOST), count, losses, ballots, M.hierarchies)

    def _seen(self, M: Members, inputs: Inputs) -> Inputs:
        if M.seen is None:
            M.seen = halved(inputs, self._steps(inputs.x))
            self._check_drawn(M.seen)
        return M.seen

    def _check_drawn(self, seen: Inputs) -> None:
        classes = 0 if seen.scribbles is None else int(seen.scribbles.max()) + 1
        fewest = min((each.n_classes for each in self.resolved()), default=classes)
        if classes > fewest:
            raise ValueError(
                f"{classes} classes were drawn, and a network of the consensus tells {fewest} "
                "apart: give it more channels, or draw fewer classes."
            )

    def _steps(self, x: Tensor) -> tuple[int, ...]:
        return steps_of(x.shape[2:], 2 if self.half_resolution else 1)


def _sentence(hierarchies: Sequence[Hierarchy]) -> str:
    """Say why a run without networks ends, and which kind of segments was made."""
    kinds = dict.fromkeys(each.words for each in hierarchies if each.words)
    return " ".join(["All label maps have voted.", *kinds])
