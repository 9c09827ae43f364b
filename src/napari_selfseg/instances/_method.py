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

No example and no weights are given, but strokes can be, on one object or a few: then objects are
those like these (`_like`). Where `kinds` names several, each label shows one, with a network of
its own, and each object is of the kind it is most like (`_learning._kinds_of`). Strokes called
none, and without names those of all labels but the first, say what is no object.

References
----------
The component tree as a source of objects: Arteta, Lempitsky, Noble and Zisserman, Learning to
detect cells using non-overlapping extremal regions, MICCAI 2012,
doi:10.1007/978-3-642-33415-3_43. There the worth of a region is learned from dots that a person
placed; here it is a formula. The figures are in ``docs/benchmarks.md``.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import ClassVar, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import field_validator
from torch import Tensor, nn

from napari_selfseg.instances._filters import FEATURES
from napari_selfseg.instances._finding import in_passing
from napari_selfseg.instances._grey import DARK, Contrast
from napari_selfseg.instances._in_tiles import InTiles
from napari_selfseg.instances._learning._beginning import begin, go_on_from
from napari_selfseg.instances._learning._kinds_of import found_together, kinds_of
from napari_selfseg.instances._learning._training_set import BATCH, TrainingSet, training_set
from napari_selfseg.instances._learning._votes import MOST, check_count, votes_of
from napari_selfseg.instances._like._kinds import Kinds
from napari_selfseg.instances._network import ObjectNetwork, bytes_at_work
from napari_selfseg.instances._plausible import Limits
from napari_selfseg.instances._resolution import COARSEST, relative
from napari_selfseg.instances._seen import Wanted, each_image
from napari_selfseg.nets import initialise
from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import Cost, Inputs, Method, Problem, Step, Stop, shrunk_strokes

__all__ = ["Objects"]

# Updates between two looks at what was learned.
EVERY: Final = 20
# Updates after which a step of the optimiser is half as large.
HALVED: Final = 30
# Of the weights.
DECAY: Final = 1e-3

Labels = NDArray[np.int32]


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
    kinds: str = parameter(
        "",
        "Names of the kinds of objects that strokes show, in the order of their labels and with "
        "commas between; none is what is no object.",
        words="Kinds of objects",
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

    @field_validator("kinds")
    @classmethod
    def _readable(cls, text: str) -> str:
        return str(Kinds.read(text))

    @property
    def shown(self) -> Kinds:
        """Which strokes show what."""
        return Kinds.read(self.kinds)

    @property
    def sorts(self) -> bool:
        """Whether kinds were named or numbered, so that each object is of one."""
        return bool(self.kinds)

    @property
    def class_names(self) -> dict[int, str]:
        """Names of the kinds that have one, by their numbers."""
        return self.shown.named

    def drawn_with(self, labels: Sequence[int]) -> Objects:
        """Return what knows the kinds that were drawn."""
        return cast(Objects, self.replace(kinds=str(self.shown.drawn(labels))))

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
        blocks = bytes_at_work(problem.in_channels, self.width, problem.pixels, problem.ndim)
        return Cost(flops, share, _KEPT * problem.pixels + blocks)

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build the network, drawn from Xavier's distribution; of several kinds one for each."""
        networks = []
        for _ in self.shown.numbers:
            networks.append(ObjectNetwork(in_channels, ndim, self.width))
            initialise(networks[-1], generator)
        return networks[0] if len(networks) == 1 else nn.ModuleList(networks)

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Find the plausible objects, and learn from the certain ones."""
        networks = _of_kinds(network)
        first = self._begin(networks, inputs)
        for found in first:
            check_count(found)
        votes, count = votes_of(first, networks, inputs)
        generator = inputs.state.generator(self.seed)
        training_sets = self._training_sets(networks, first, inputs)
        if not training_sets:
            yield Step(0, self.iterations, votes, count, {})
            return Stop("finished", _NOTHING if not count else _UNCERTAIN)
        weights = [each for one in training_sets for each in one.network.layers.parameters()]
        optimiser = inputs.state.of(
            torch.optim.AdamW(weights, self.learning_rate, weight_decay=DECAY)
        )
        updates = inputs.control.iterations(self.iterations)
        for t in inputs.state.before_each(updates):
            if t and t % EVERY == 0:
                each = zip(networks, first, strict=True)
                passing = [self._in_passing(N, labels, inputs) for N, labels in each]
                votes, count = votes_of(passing, networks, inputs)
            for group in optimiser.param_groups:
                group["lr"] = self.learning_rate * 0.5 ** (t / HALVED)
            loss = sum(
                (each.loss(generator) for each in training_sets[1:]),
                training_sets[0].loss(generator),
            )
            yield Step(t, self.iterations, votes, count, {"likelihood": loss.detach()})
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return None

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Find all objects with what was learned."""
        networks = _of_kinds(network)
        if not all(N.begun for N in networks):
            self._begin(networks, inputs)
        for N in networks:
            if not N.borrowed:
                N.count(inputs.control.done)
        return self.predict(network, inputs.x, inputs.valid)

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Find objects like those that were learned; -1 is what is no object."""
        networks = _of_kinds(network)
        images = each_image(x, valid, networks[0].spacing)
        found = [found_together(networks, seen, self.wanted) for seen in images]
        check_count(found)
        return torch.from_numpy(np.stack(found).astype(np.int64)).to(x.device) - 1

    def classes_of(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, labels: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Return the kind of each object, as the strokes that showed it are numbered."""
        networks = _of_kinds(network)
        (seen,) = each_image(x, valid, networks[0].spacing)
        return np.array(self.shown.numbers)[kinds_of(networks, seen, labels)]

    def _begin(self, networks: list[ObjectNetwork], inputs: Inputs) -> list[list[Labels]]:
        """Return the plausible objects of each kind in each image, and keep what they are like."""
        spacing = relative(np.array(inputs.spacing or (1.0,) * (inputs.x.ndim - 2)))
        images, check = list(each_image(inputs.x, inputs.valid, spacing)), inputs.control.check
        found = []
        for N, kind in zip(networks, self.shown.numbers, strict=True):
            if N.borrowed or (N.learned and not inputs.control.begun):
                N.borrow()
                found.append(go_on_from(N, images, self.wanted))
                continue
            drawn: list[NDArray[np.bool_] | None] = [None] * len(images)
            if inputs.scribbles is None and len(networks) > 1:
                raise ValueError(_UNSHOWN)
            if inputs.scribbles is not None:
                drawn = list((inputs.scribbles == kind - 1).cpu().numpy())
            found.append(begin(N, images, self.wanted, drawn, check))
        return found

    def _training_sets(
        self, networks: list[ObjectNetwork], first: list[list[Labels]], inputs: Inputs
    ) -> list[TrainingSet]:
        """Return what each kind has to learn, where that is enough."""
        found = []
        for N, kind, labels in zip(networks, self.shown.numbers, first, strict=True):
            strokes: list[NDArray[np.int64] | None] = [None] * len(labels)
            if inputs.scribbles is not None:
                drawn = shrunk_strokes(inputs.scribbles, N.steps).cpu().numpy()
                strokes = list(np.where(drawn < 0, -1, np.where(drawn == kind - 1, 0, 1)))
            images = list(each_image(inputs.x, inputs.valid, N.spacing))
            check = inputs.control.check
            found.append(training_set(N, images, labels, strokes, self.seed, check))
        return [each for each in found if each is not None]

    def _in_passing(self, N: ObjectNetwork, first: list[Labels], inputs: Inputs) -> list[Labels]:
        found = []
        images = each_image(inputs.x, inputs.valid, N.spacing)
        for whole, labels in zip(images, first, strict=True):
            inputs.control.check()
            seen = whole.coarse(N.steps)
            likelihood = N.likelihood(seen.image)
            if seen.valid is not None:
                likelihood[~seen.valid] = 0
            found.append(in_passing(labels, likelihood, seen, self.wanted.coarse(N.steps)))
        return found


# As if so many bytes a pixel were read and written, and those held at once.
_BYTES: Final = 100_000.0
_KEPT: Final = 70.0
_CACHED: Final = 2**16
_NOTHING: Final = (
    "No object was found: choose whether they are bright or dark, another channel, or other sizes."
)
_UNSHOWN: Final = (
    "Several kinds are named and none is shown: draw a stroke in an object of each kind, or leave "
    "their names out."
)
_UNCERTAIN: Final = "No object was certain enough to learn from; these are the plausible ones."


def _of_kinds(network: nn.Module) -> list[ObjectNetwork]:
    each = list(network) if isinstance(network, nn.ModuleList) else [network]
    return [cast(ObjectNetwork, one) for one in each]
