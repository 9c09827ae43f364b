"""Self-training segmentation of images, without annotation and without pretrained weights."""

import lazy_loader as _lazy

__version__ = "0.1.0"

# What there is stands in __init__.pyi, where editors and type checkers find it as well.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
