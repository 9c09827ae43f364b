#!/usr/bin/env bash
# A sharded zarr on a web server that has no ranges, which HTTP leaves to the server (Python's own
#   http.server has none), read by zarr through fsspec.
#
# Guess: as with chunks that are files of their own, any part can be read, only with more traffic;
#   or the store says that the server does not send parts of files.
# Real: fsspec takes the whole file that the server sends for the part it asked for, and zarr takes
#   its first bytes for the index of the shard. Reading the whole array works, as whole shards are
#   asked for; reading a part of it raises "Stored and computed checksum do not match", as if the
#   image were damaged.
# Seen with: zarr 3.1.6, fsspec 2026.9.0, aiohttp 3.14.5, Python 3.11, Linux.
# Output seen:
#   10 bytes asked for, 6260 of 6260 come
#   chunks: whole array equal, part equal
#   shards: whole array equal, part ValueError: Stored and computed checksum do not match
# Fails where that changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install -q zarr==3.1.6 fsspec==2026.9.0 aiohttp==3.14.5
cat > "$here/try.py" <<'PYTHON'
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import numpy as np
import zarr

folder = sys.argv[1]
pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
for name, shards in (("chunks", None), ("shards", (64, 64))):
    made = zarr.create_array(
        f"{folder}/{name}.zarr", shape=(64, 64), dtype="uint16", chunks=(16, 16), shards=shards
    )
    made[:] = pixels


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *given):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"

shard = f"{address}/shards.zarr/c/0/0"
files = fsspec.filesystem("http")
whole, part = len(files.cat_file(shard)), len(files.cat_file(shard, start=0, end=10))
print(f"10 bytes asked for, {part} of {whole} come")
found = [part == whole > 10]


def read(array, where):
    try:
        return "equal" if np.array_equal(array[where], pixels[where]) else "other pixels"
    except ValueError as error:
        return f"ValueError: {str(error).partition('.')[0]}"


corner = (slice(0, 16), slice(0, 16))
for name in ("chunks", "shards"):
    array = zarr.open_array(f"{address}/{name}.zarr", mode="r")
    said = read(array, ...), read(array, corner)
    print(f"{name}: whole array {said[0]}, part {said[1]}")
    found.append(said)
damaged = "ValueError: Stored and computed checksum do not match"
sys.exit(found != [True, ("equal", "equal"), ("equal", damaged)])
PYTHON
"$here/venv/bin/python" "$here/try.py" "$here"
