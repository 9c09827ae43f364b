"""The parameters of a consensus, and the members they mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, cast

from pydantic import Field, SerializeAsAny, field_serializer, field_validator, model_validator

from napari_selfseg.consensus._kind import Wanted
from napari_selfseg.methods import DIC, DSC, Backprop
from napari_selfseg.parameters import parameter, restore
from napari_selfseg.protocol import Method

__all__ = ["MOST", "Settings"]

# Labels are kept in 16 bits, one of them for the sign.
MOST = 2**15 - 1
MEMBERS = (Backprop, DIC, DSC)
SEEDS_APART = 100_003


class Settings(Method):
    """What can be chosen of a consensus."""

    foremost: ClassVar[tuple[str, ...]] = (
        "structure",
        "smallest",
        "granularity",
        "n_segments",
        "networks",
    )

    iterations: int = parameter(
        60,
        "Updates of each network at most.",
        minimum=1,
        maximum=100_000,
        source="measured, docs/benchmarks.md",
    )
    networks: Literal["none", "superpixels", "continuity", "both"] = parameter(
        "none",
        "Networks that vote too: Backprop's with superpixels, its continuity variant, or both. "
        "They take many times as long.",
        words="Networks that vote",
    )
    seeds: int = parameter(
        4,
        "Seeds: from how many starts the network with superpixels is trained; more agree better.",
        minimum=1,
        maximum=50,
        words="Repeats",
    )
    every: int = parameter(
        10,
        "Updates of the networks between two of their votes.",
        minimum=1,
        maximum=100_000,
        words="Vote every",
        unit="iterations",
    )
    classical: bool = parameter(
        True,
        "Classical maps: let regions at six scales and clusters of colour, texture and "
        "textons vote.",
        words="Colour and texture",
    )
    granularity: float = parameter(
        0.41,
        "Granularity: more gives more and smaller segments; after a run the slider cuts "
        "anew without computing.",
        minimum=0.0,
        maximum=1.0,
        source="measured, docs/benchmarks.md",
        words="Few to many",
    )
    n_segments: int = parameter(
        0,
        "How many segments to make; 0 finds the number.",
        minimum=0,
        maximum=MOST,
        words="Number of segments",
    )
    structure: Wanted = parameter(
        "automatic",
        "What the image shows: regions, round objects on a background, cells between lines such "
        "as membranes (dark ones, bright ones, or the clearer), or what is read off the image.",
        words="What it shows",
    )
    smallest: int = parameter(
        0,
        "Up to which size segments join their neighbours more readily, and the least size of an "
        "object on a background; 0 finds one.",
        minimum=0,
        maximum=2147483647,
        unit="pixels",
        words="Smallest object",
    )
    channels: int = parameter(
        48,
        "Channels: features a pixel and classes at most of each network.",
        minimum=2,
        maximum=1000,
        words="Network size",
    )
    half_resolution: bool = parameter(
        True,
        "Train the networks on an image of half the resolution, four times as fast.",
        words="Learn at half size",
    )
    members: tuple[SerializeAsAny[Method], ...] = Field(())

    @field_validator("members", mode="before")
    @classmethod
    def _restored(cls, values: Any) -> Any:
        if not isinstance(values, Sequence) or isinstance(values, str):
            return values
        return tuple(
            restore(each, MEMBERS, "member") if isinstance(each, dict) else each for each in values
        )

    @field_serializer("members")
    def _written(self, members: tuple[Method, ...]) -> list[dict[str, Any]]:
        return [each.as_dict() for each in members]

    @model_validator(mode="after")
    def _something_votes(self) -> Settings:
        if not self.classical and not self.resolved():
            raise ValueError("nothing votes: choose networks, or classical maps")
        return self

    def smaller(self, steps: Sequence[int]) -> Settings:
        """See `Method.smaller`: the smallest object has fewer pixels."""
        if not self.smallest:
            return self
        smallest = max(round(self.smallest / math.prod(steps)), 1)
        return cast(Settings, self.replace(smallest=smallest))

    def resolved(self) -> tuple[Method, ...]:
        """Return the members to train: those given, or those the parameters mean."""
        if self.members:
            return tuple(each.replace(iterations=self.iterations) for each in self.members)
        common = {"iterations": self.iterations, "channels": self.channels}
        common |= {"depth": 3, "min_labels": 1}
        found: list[Method] = []
        if self.networks in ("both", "superpixels"):
            found += [Backprop(**common, seed=self._seed(k)) for k in range(self.seeds)]
        if self.networks in ("both", "continuity"):
            found.append(Backprop(**common, variant="continuity", seed=self._seed(self.seeds)))
        return tuple(found)

    def _seed(self, number: int) -> int:
        # Far apart, so that runs with neighbouring seeds share no member.
        return (self.seed + number * SEEDS_APART) % 2**31
