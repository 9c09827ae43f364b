"""Where bfloat16 pays."""

from __future__ import annotations

import torch


def fast_bfloat16(device: torch.device) -> bool:
    """Say whether training in bfloat16 is faster than in float32 on a device.

    Parameters
    ----------
    device : torch.device
        Where the network runs.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False
