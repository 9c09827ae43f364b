"""Why a run ended, each way in a sentence."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from napari_selfseg.protocol._given._failures import reason
from napari_selfseg.protocol._method._step import Stop

__all__ = ["abandoned", "completed", "counted", "failed", "objects_in_words"]


def completed(done: int, total: int) -> Stop:
    """Say that all updates were made, or that somebody asked to stop before."""
    if done < total:
        return Stop("asked", f"Stopped when asked, after {done} iterations.")
    return Stop("finished", f"All {done} iterations are done.")


def counted(stop: Stop, votes: Tensor) -> Stop:
    """Say how many objects there are as well; `votes` is as in `Step`, one a pixel."""
    count = int(torch.unique(votes[votes > 0]).numel())
    if not count:
        return stop
    return dataclasses.replace(stop, sentence=f"{objects_in_words(count)} {stop.sentence}")


def objects_in_words(count: int) -> str:
    """Say how many objects there are, in a sentence."""
    return f"{count or 'No'} object{'s' * (count != 1)}."


def abandoned(done: int) -> Stop:
    """Say that there was no closing pass after so many updates."""
    return Stop("abandoned", f"Ended without a closing pass, after {done} iterations.")


def failed(done: int, error: Exception) -> Stop:
    """Say what went wrong after so many updates; the error is explained."""
    return Stop("failed", f"The run failed after {done} iterations: {reason(error)}")
