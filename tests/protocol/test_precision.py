from __future__ import annotations

import torch

from napari_selfseg.protocol._device import fast_bfloat16, resolve_precision


def test_auto_follows_the_processor(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    for has, wanted in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda has=has: has)
        assert resolve_precision("auto", cpu) == wanted
    assert resolve_precision("bfloat16", cpu) == torch.bfloat16


def test_bfloat16_is_not_chosen_where_it_was_not_seen_to_pay():
    assert not fast_bfloat16(torch.device("mps"))
