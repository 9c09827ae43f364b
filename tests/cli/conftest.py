from __future__ import annotations

import imageio.v3 as iio
import numpy as np
import pytest


@pytest.fixture
def picture(tmp_path):
    """A small colour picture with two halves and noise."""
    noise = np.random.default_rng(0).integers(0, 40, (24, 32, 3))
    noise[:, 16:, 0] += 180
    path = tmp_path / "picture.png"
    iio.imwrite(path, noise.astype(np.uint8))
    return path
