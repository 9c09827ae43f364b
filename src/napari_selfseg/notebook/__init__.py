"""Work watched in a notebook, without napari and Qt."""

from napari_selfseg.notebook._watch import watch

__all__ = ["watch"]
