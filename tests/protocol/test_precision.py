from __future__ import annotations

import torch

from napari_selfseg.convolving import PRECISION_SETTING
from napari_selfseg.protocol._given._device import fast_bfloat16, resolve_precision


def test_auto_follows_what_was_measured(monkeypatch):
    cpu = torch.device("cpu")
    for pays in ("bfloat16", "float32"):
        monkeypatch.setenv(PRECISION_SETTING, pays)
        assert resolve_precision("auto", cpu) == getattr(torch, pays)
        assert resolve_precision("bfloat16", cpu) == torch.bfloat16
        assert resolve_precision("float32", cpu) == torch.float32


def test_bfloat16_is_not_chosen_where_it_was_not_seen_to_pay(monkeypatch):
    monkeypatch.setenv(PRECISION_SETTING, "bfloat16")
    assert not fast_bfloat16(torch.device("mps"))
