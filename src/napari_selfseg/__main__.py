"""``python -m napari_selfseg``: the command line of the Python at hand, on its path or not."""

import sys

from napari_selfseg.cli import main

if __name__ == "__main__":  # other processes of a run import it as well
    sys.exit(main())
