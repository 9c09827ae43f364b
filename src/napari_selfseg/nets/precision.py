"""Where bfloat16 pays."""

from __future__ import annotations

import torch


def fast_bfloat16(device: torch.device) -> bool:
    """Say whether a training step in bfloat16 is faster than one in float32.

    On processors, where they multiply bfloat16 in hardware: Backprop's network of two layers on
    481 x 321 pixels takes half of float32's time a step with AVX-512 BF16 (AMD Zen 5), two thirds
    with AMX. Elsewhere PyTorch imitates the type. On NVIDIA's cards from compute capability 8.0,
    the first with bfloat16 tensor cores; not on Apple's (neither was timed).

    Parameters
    ----------
    device : torch.device
        Where the network runs.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu" and torch.backends.mkldnn.is_available():
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return False
