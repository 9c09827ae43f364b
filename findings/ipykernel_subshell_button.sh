#!/usr/bin/env bash
# A button of ipywidgets, pressed while a cell is at work, in a kernel with subshells (ipykernel 7).
#
# Guess: the kernel says that it supports subshells, whose code runs in threads of their own; so a
#   press that the front end sends through a subshell is handled while the cell is at work, and the
#   button can stop a loop.
# Real: code that the subshell is asked to execute runs at once. The press does not: it is handed to
#   the thread in which the button was made, which is that of the cells, and on_click() is called
#   after the cell has ended.
# Seen with: ipykernel 7.4.0, ipywidgets 8.1.9, jupyter_client 8.10.0, Python 3.11, Linux.
# Output seen:
#   subshells supported: True
#   code in the subshell ran while the cell was at work: True
#   the press was seen by the cell at work: False
#   on_click was called after the cell, in MainThread
# Fails where that changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install -q ipykernel==7.4.0 ipywidgets==8.1.9 jupyter_client==8.10.0
cat > "$here/try.py" <<'PYTHON'
import sys

from jupyter_client.manager import KernelManager

MAKE = """
import threading, time
import ipywidgets
pressed, asked = [], []
button = ipywidgets.Button()
button.on_click(lambda _: pressed.append(threading.current_thread().name))
print(button.comm.comm_id, end="")
"""
WORK = """
print("at work", flush=True)
end = time.monotonic() + 3
while time.monotonic() < end and not pressed:
    time.sleep(0.01)
print(bool(asked), bool(pressed), end="")
"""
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)


def printed(asked, until=None):
    """Return what a cell prints until it ends, or prints something."""
    text = ""
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["msg_type"] == "stream":
            text += message["content"]["text"]
        idle = message["content"].get("execution_state") == "idle"
        if idle or (until and until in text):
            return text


def send(kind, content, subshell):
    message = client.session.msg(kind, content)
    message["header"]["subshell_id"] = subshell
    client.shell_channel.send(message)


def execute(code):
    return {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }


try:
    client.kernel_info()
    features = client.get_shell_msg(timeout=60)["content"].get("supported_features", [])
    print("subshells supported:", "kernel subshells" in features)
    button = printed(client.execute(MAKE))
    client.control_channel.send(client.session.msg("create_subshell_request"))
    subshell = client.get_control_msg(timeout=60)["content"]["subshell_id"]
    cell = client.execute(WORK)
    printed(cell, until="at work")
    click = {"method": "custom", "content": {"event": "click"}}
    send("comm_msg", {"comm_id": button, "data": click}, subshell)
    send("execute_request", execute("asked.append(1)"), subshell)
    code_ran, press_seen = (word == "True" for word in printed(cell).split()[-2:])
    print("code in the subshell ran while the cell was at work:", code_ran)
    print("the press was seen by the cell at work:", press_seen)
    thread = printed(client.execute("print(*pressed, end='')"))
    print(f"on_click was called after the cell, in {thread}")
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
found = "kernel subshells" in features, code_ran, press_seen, thread
sys.exit(found != (True, True, False, "MainThread"))
PYTHON
"$here/venv/bin/python" "$here/try.py" 2> "$here/errors" || { cat "$here/errors"; exit 1; }
