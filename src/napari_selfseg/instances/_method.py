r"""Objects: the certain ones teach a small network of their image, which decides the others.

1. **Plausible objects** (`_plausible`): nodes of the component tree of one channel that are round,
   have an edge all around and are of about one size, found by dynamic programming, in the
   resolution in which they stand out (`_resolution`). Touching ones are told apart (`_splitting`).
2. **Learning** (`_network`): pixels of objects that are nearly ellipses are examples of objects,
   pixels away from all objects examples of background. A network learns from them, for few
   updates: longer, and it learns the mistakes as well.
3. **Deciding** (`_finding`): what the network finds is divided again; or, where it finds so much
   more than was plausible that it must have learned something else, it only removes objects.
4. **Outlines** (`_shapes`): each border moves to the steepest slope near it.
5. **Election** (`_election`): where these and the plausible ones lie over each other, the better
   shapes are taken.

No example and no weights are given, but strokes can be: those of the first label say what are
objects, those of others what are none.

References
----------
The component tree as a source of objects: Arteta, Lempitsky, Noble and Zisserman, Learning to
detect cells using non-overlapping extremal regions, MICCAI 2012,
doi:10.1007/978-3-642-33415-3_43. There the worth of a region is learned from dots that a person
placed; here it is a formula. The figures are in ``docs/benchmarks.md``.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.instances._examples import examples
from napari_selfseg.instances._filters import FEATURES
from napari_selfseg.instances._finding import (
    best_steps,
    first_objects,
    in_passing,
    look_at,
)
from napari_selfseg.instances._grey import DARK, Contrast, Look
from napari_selfseg.instances._in_tiles import InTiles
from napari_selfseg.instances._network import ObjectNetwork
from napari_selfseg.instances._plausible import Limits, Plausible, Typical
from napari_selfseg.instances._resolution import COARSEST, enlarged, relative
from napari_selfseg.instances._seen import Seen, Wanted
from napari_selfseg.nets import initialise
from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import Cost, Inputs, Method, Problem, Step, Stop, shrunk_strokes, small

__all__ = ["Objects"]

# Labels are kept in 16 bits, one of them for the sign.
MOST: Final = 2**15 - 1
# Pixels of an update, and updates between two looks at what was learned.
BATCH: Final = 1024
EVERY: Final = 20
# Updates after which a step of the optimiser is half as large.
HALVED: Final = 30
# Noise on the features, in their standard deviations, and decay of the weights.
NOISE: Final = 0.3
DECAY: Final = 1e-3


class Objects(Method):
    """Objects on a background, each a label: nuclei, cells, grains."""

    name: ClassVar[str] = "objects"
    title: ClassVar[str] = "Objects"
    citation: ClassVar[str] = (
        "Arteta et al., Learning to detect cells using non-overlapping extremal regions, "
        "MICCAI 2012"
    )
    doi: ClassVar[str] = "10.1007/978-3-642-33415-3_43"
    instances: ClassVar[bool] = True
    # Coarse pixels of a tile are those of the image.
    stride: ClassVar[int] = COARSEST
    costless: ClassVar[tuple[str, ...]] = (
        *Method.costless,
        "contrast",
        "smallest",
        "largest",
        "divide",
        "at_border",
        "learning_rate",
    )
    foremost: ClassVar[tuple[str, ...]] = ("contrast", "smallest", "largest", "divide", "at_border")

    iterations: int = parameter(
        100,
        "Updates of the network that learns from the certain objects; many more learn mistakes.",
        minimum=1,
        maximum=100_000,
        source="measured, docs/benchmarks.md",
    )
    contrast: Contrast = parameter(
        "automatic",
        "Contrast: whether objects are brighter or darker than what is around them.",
        words="Objects are",
    )
    channel: int = parameter(
        0,
        "Channel in which objects are found first, from 1; 0 finds one. All channels teach the "
        "network.",
        minimum=0,
        maximum=1000,
        words="Channel to look in",
    )
    smallest: int = parameter(
        0,
        "Least size of an object; 0 finds one.",
        minimum=0,
        maximum=2147483647,
        unit="pixels",
        words="Smallest object",
    )
    largest: int = parameter(
        0,
        "Largest size of an object; 0 is a quarter of the image.",
        minimum=0,
        maximum=2147483647,
        unit="pixels",
        words="Largest object",
    )
    divide: bool = parameter(True, "Tell touching objects apart.", words="Divide touching objects")
    at_border: bool = parameter(
        True,
        "Keep objects that the border of the image cuts.",
        words="Keep objects at the border",
    )
    width: int = parameter(
        32,
        "Width: hidden units of each of the two layers of the network.",
        minimum=2,
        maximum=1000,
        words="Network size",
    )
    learning_rate: float = parameter(
        0.01,
        "Learning rate: step of the optimiser at first.",
        minimum=1e-5,
        maximum=1,
        words="Learning speed",
    )

    @property
    def n_classes(self) -> int:
        """Number of objects a label can name."""
        return MOST

    @property
    def reach(self) -> None:
        """What objects are like is known from the whole image."""
        return None

    @property
    def wanted(self) -> Wanted:
        """What is asked for."""
        dark = None if self.contrast == "automatic" else self.contrast == DARK
        limits = Limits(self.smallest, self.largest)
        return Wanted(self.channel, dark, limits, self.divide, self.at_border)

    def default_superpixels(self) -> None:
        """None: objects are made of pixels."""
        return

    def tilewise(self) -> InTiles:
        """Return how objects are found tile by tile."""
        return InTiles(self.wanted)

    def cost(self, problem: Problem) -> Cost:
        """Say what an update takes, with its share of what comes before and after all of them."""
        features = FEATURES * problem.in_channels
        flops = 6 * BATCH * (features * self.width + self.width**2)
        # Trees and floods jump about in memory: the less of an image caches hold, the slower.
        slower = problem.pixels / (problem.pixels + _CACHED)
        share = _BYTES * problem.pixels * slower / self.iterations
        return Cost(flops, share, _KEPT * problem.pixels)

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build the network, drawn from Xavier's distribution."""
        network = ObjectNetwork(in_channels, ndim, self.width)
        initialise(network, generator)
        return network

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Find the plausible objects, and learn from the certain ones."""
        N = cast(ObjectNetwork, network)
        first = self._begin(N, inputs)
        _check_count(first)
        votes, count = _votes(first, N, inputs)
        generator = inputs.state.generator(self.seed)
        taught = self._examples(N, first, inputs)
        if taught is None:
            yield Step(0, self.iterations, votes, count, {})
            return Stop("finished", _NOTHING if not count else _UNCERTAIN)
        f, y, weights = taught
        if not N.borrowed:
            N.standardise(f)
        optimiser = inputs.state.of(
            torch.optim.AdamW(N.layers.parameters(), self.learning_rate, weight_decay=DECAY)
        )
        updates = inputs.control.iterations(self.iterations)
        for t in inputs.state.before_each(updates):
            if t and t % EVERY == 0:
                votes, count = _votes(self._in_passing(N, inputs), N, inputs)
            for group in optimiser.param_groups:
                group["lr"] = self.learning_rate * 0.5 ** (t / HALVED)
            drawn = torch.multinomial(weights, BATCH, replacement=True, generator=generator)
            noise = NOISE * torch.randn(BATCH, f.shape[1], generator=generator)
            seen = f[drawn] + noise.to(f) * N.spread
            loss = nn.functional.binary_cross_entropy_with_logits(N(seen), y[drawn])
            yield Step(t, self.iterations, votes, count, {"likelihood": loss.detach()})
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return None

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Find all objects with what was learned."""
        N = cast(ObjectNetwork, network)
        if not N.typical.size:
            self._begin(N, inputs)
        if not N.borrowed:
            N.count(inputs.control.done)
        return self.predict(N, inputs.x, inputs.valid)

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Find objects like those that were learned; -1 is what is no object."""
        N = cast(ObjectNetwork, network)
        found = [N.find(seen, self.wanted).labels for seen in _each(x, valid, N.spacing)]
        _check_count(found)
        return torch.from_numpy(np.stack(found).astype(np.int64)).to(x.device) - 1

    def _begin(self, N: ObjectNetwork, inputs: Inputs) -> list[NDArray[np.int32]]:
        """Return the plausible objects of each image, and keep what they are like."""
        spacing = relative(np.array(inputs.spacing or (1.0,) * (inputs.x.ndim - 2)))
        images = list(_each(inputs.x, inputs.valid, spacing))
        if N.borrowed or (N.learned and not inputs.control.begun):
            N.borrow()
            wanted = self.wanted.coarse(N.steps)
            coarse = [each.coarse(N.steps) for each in images]
            return [first_objects(each, N.look, wanted, N.typical) for each in coarse]
        looks = self._looked_at(images, self.wanted, inputs)
        clearest = max(range(len(looks)), key=lambda n: looks[n][1].worth)
        look, found = looks[clearest]
        inputs.control.check()
        steps = best_steps(images[clearest], look, self.wanted, found)
        wanted = self.wanted.coarse(steps)
        if max(steps) > 1:
            images = [each.coarse(steps) for each in images]
            chosen = wanted._replace(channel=look.channel + 1, dark=look.dark)
            looks = self._looked_at(images, chosen, inputs)
        of_look = [found for each, found in looks if each == look]
        sizes = [each.typical for each in of_look if each.typical.size]
        typical = Typical(*np.median(sizes, axis=0)) if sizes else Typical()
        N.know(look, typical, spacing, steps)
        inputs.control.check()
        first: list[NDArray[np.int32]] = []
        for each, (own, found) in zip(images, looks, strict=True):
            known: Plausible | Typical = found if own == look else typical
            first.append(first_objects(each, look, wanted, known))
            inputs.control.check()
        return first

    def _looked_at(
        self, images: list[Seen], wanted: Wanted, inputs: Inputs
    ) -> list[tuple[Look, Plausible]]:
        looks = []
        for each in images:
            inputs.control.check()
            looks.append(look_at(each, wanted))
        return looks

    def _examples(
        self, N: ObjectNetwork, first: list[NDArray[np.int32]], inputs: Inputs
    ) -> tuple[Tensor, Tensor, Tensor] | None:
        """Return features, classes and weights of what is to be learned, if that is enough."""
        rng = np.random.default_rng(self.seed)
        rows, classes = [], []
        strokes = [None] * len(first)
        if inputs.scribbles is not None:
            strokes = list(shrunk_strokes(inputs.scribbles, N.steps).cpu().numpy())
        images = _each(inputs.x, inputs.valid, N.spacing)
        for whole, labels, drawn in zip(images, first, strokes, strict=True):
            inputs.control.check()
            seen = whole.coarse(N.steps)
            taught = examples(labels, seen.valid, drawn, seen.spacing, rng)
            if taught.enough:
                pixels = np.concatenate(taught)
                rows.append(N.described(seen.image, pixels))
                classes += [np.ones(len(taught.objects)), np.zeros(len(taught.background))]
        if not rows:
            return None
        y = np.concatenate(classes).astype(np.float32)
        weights = np.where(y > 0, 0.5 / y.sum(), 0.5 / (1 - y).sum())
        device = inputs.x.device
        return (
            torch.from_numpy(np.concatenate(rows)).to(device),
            torch.from_numpy(y).to(device),
            torch.from_numpy(weights),
        )

    def _in_passing(self, N: ObjectNetwork, inputs: Inputs) -> list[NDArray[np.int32]]:
        found = []
        limits = self.wanted.coarse(N.steps).limits
        for whole in _each(inputs.x, inputs.valid, N.spacing):
            inputs.control.check()
            seen = whole.coarse(N.steps)
            likelihood = N.likelihood(seen.image)
            if seen.valid is not None:
                likelihood[~seen.valid] = 0
            found.append(in_passing(likelihood, limits.of(likelihood.size).smallest))
        return found


# As if so many bytes a pixel were read and written, and those held at once.
_BYTES: Final = 100_000.0
_KEPT: Final = 70.0
_CACHED: Final = 2**16
_NOTHING: Final = (
    "No object was found: choose whether they are bright or dark, another channel, or other sizes."
)
_UNCERTAIN: Final = "No object was certain enough to learn from; these are the plausible ones."


def _each(x: Tensor, valid: Tensor | None, spacing: NDArray[np.float64]) -> list[Seen]:
    images = x.detach().float().cpu().numpy()
    masks = [None] * len(images) if valid is None else list(valid[:, 0].cpu().numpy())
    return [Seen(image, mask, spacing) for image, mask in zip(images, masks, strict=True)]


def _check_count(labels: list[NDArray[np.int32]]) -> None:
    n = max(int(each.max(initial=0)) for each in labels)
    if n > MOST:
        raise ValueError(
            f"There are {n} objects, and labels name {MOST} at most: take a part of the image, or "
            "a smallest size of objects."
        )


def _votes(
    labels: list[NDArray[np.int32]], N: ObjectNetwork, inputs: Inputs
) -> tuple[Tensor, Tensor]:
    shape = tuple(inputs.x.shape[2:])
    found = np.stack([enlarged(each, shape, N.steps) for each in labels])
    # What is shown on the way may be specks in great numbers; the last are left out.
    found[found > MOST] = 0
    votes = torch.from_numpy(found).to(inputs.x.device)
    return small(votes, MOST), torch.tensor(len(np.unique(found[found > 0])))
