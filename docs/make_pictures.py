"""Draw a picture a method, and the animation: ``python docs/make_pictures.py [NAME...]``.

Each method is on the same five samples (public domain, CC0), cut to the same size, with its
defaults; that takes some ten minutes. The animation is one run on the histology sample, and
`failure` is crowded nuclei, in which *Objects* goes wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.segmentation import find_boundaries

import napari_selfseg as ss
from napari_selfseg import samples
from napari_selfseg.catalogue import METHODS

IMAGES: Final = Path(__file__).resolve().parent / "images"
# Samples, and which plane of a stack.
SAMPLES: Final = {
    "histology": ...,
    "fluorescence_nuclei": ...,
    "aerial": ...,
    "divisions_over_time": 9,
    "blobs_3d": 20,
}
SIDE: Final = 192  # pixels of each of them
GAP: Final = 4
FRAMES: Final = 24
FRAME_MS, LAST_MS = 120, 2000
# Okabe and Ito: apart for every kind of colour vision.
COLOURS: Final = np.array(
    [
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (240, 228, 66),
        (0, 114, 178),
        (213, 94, 0),
        (204, 121, 167),
    ],
    dtype=np.uint8,
)


def main(wanted: list[str]) -> None:
    """Draw what is named, or all."""
    IMAGES.mkdir(exist_ok=True)
    for method in METHODS:
        if not wanted or method.name in wanted:
            draw(method)
    if not wanted or "animation" in wanted:
        animate()
    if not wanted or "failure" in wanted:
        fail()


def draw(method: type[Any]) -> None:
    """Draw what a method finds on every sample, side by side."""
    pictures = [enlarged(filled, image, labels_of(image, method())) for image in pictures_of()]
    space = np.full((SIDE, GAP, 3), 255, np.uint8)
    parts = [part for each in pictures for part in (each, space)][:-1]
    save(np.hstack(parts), f"method_{method.name}.webp")


def pictures_of() -> Iterator[NDArray[np.uint8]]:
    """Yield the samples, cut."""
    for name, plane in SAMPLES.items():
        yield samples.load(name)[plane][:SIDE, :SIDE]


def labels_of(image: NDArray[np.uint8], method: Any) -> NDArray[Any]:
    """Return what a method finds."""
    channels = -1 if image.ndim == 3 else None
    return ss.segment(image, method, channel_axis=channels).labels()


def filled(image: NDArray[np.uint8], labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Fill labels with colours, half transparent, and draw their borders."""
    drawn = colour(image)
    shades = np.where(labels[..., None] > 0, COLOURS[labels % len(COLOURS)], drawn)
    mixed = (0.5 * drawn + 0.5 * shades).astype(np.uint8)
    mixed[find_boundaries(labels, mode="inner")] = (255, 255, 255)
    return mixed


def enlarged(
    draw: Callable[..., NDArray[np.uint8]], image: NDArray[np.uint8], labels: NDArray[Any]
) -> NDArray[np.uint8]:
    """Draw labels over an image, both enlarged to the size of the others, pixels as they are."""
    rows, columns = (np.arange(SIDE) * n // SIDE for n in labels.shape)
    large = np.ix_(rows, columns)
    return draw(image[large], labels[large])


def colour(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give a grey image three channels."""
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=-1)


def animate() -> None:
    """Draw labels as they form, each beside the image."""
    image = samples.load("histology")[:192, :192]
    run = ss.evolve(image, ss.Backprop(iterations=80, min_labels=3, seed=1), channel_axis=-1)
    steps = [run.labels(step.iteration) for step in run]
    chosen = np.unique(np.geomspace(1, len(steps), FRAMES).astype(int)) - 1
    pictures = [Image.fromarray(filled(image, steps[k])) for k in chosen]
    frames = [Image.fromarray(image), *pictures]
    times = [600, *[FRAME_MS] * (len(pictures) - 1), LAST_MS]
    path = IMAGES / "labels_forming.webp"
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=times, loop=0, quality=40, method=6
    )
    print(path.name, len(frames), path.stat().st_size)


def fail() -> None:
    """Draw crowded nuclei beside what Objects makes of them, which is wrong in many places."""
    image = np.asarray(Image.open(IMAGES / "crowded_nuclei.png"))
    shown = np.clip(image.astype(float) * (255 / np.percentile(image, 99.8)), 0, 255)
    found = filled(shown.astype(np.uint8), labels_of(image, ss.Objects()))
    space = np.full((len(image), GAP, 3), 255, np.uint8)
    save(np.hstack([colour(shown.astype(np.uint8)), space, found]), "crowded_nuclei.webp")


def save(picture: NDArray[np.uint8], name: str) -> None:
    """Write a picture, small."""
    path = IMAGES / name
    Image.fromarray(picture).save(path, quality=60, method=6)
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
