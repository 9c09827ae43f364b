"""What ``fractal-manifest create`` makes ``__FRACTAL_MANIFEST__.json`` of."""

from __future__ import annotations

from typing import Final

from fractal_task_tools.task_models import ParallelTask

__all__ = ["AUTHORS", "DOCS_LINK", "TASK_LIST"]

AUTHORS: Final = "napari-selfseg developers"
# The package has no page of its own: what a task does is in `docs_info`.
DOCS_LINK: Final = ""
TASK_LIST: Final = [
    ParallelTask(
        name="Segment without annotations (Self-Segmentation)",
        executable="fractal/segment_image.py",
        meta={"cpus_per_task": 2, "mem": 8000},
        category="Segmentation",
        tags=["Instance Segmentation", "Unsupervised", "2D", "3D"],
    ),
]
