from __future__ import annotations

import importlib.util

# Where Qt is not installed (the base alone), nothing here can be imported.
if importlib.util.find_spec("napari") is None:
    collect_ignore_glob = ["test_*.py"]
