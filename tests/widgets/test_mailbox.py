from __future__ import annotations

import threading

from napari_selfseg.widgets.work.mailbox import Mailbox


def test_the_latest_message_wins_and_is_taken_once():
    box = Mailbox()
    box.put("first")
    box.put("second")
    assert box.take() == "second"
    assert box.take() is None


def test_empty_says_that_the_reader_is_ready():
    box = Mailbox()
    assert box.empty
    box.put(0)  # false, and a message all the same
    assert not box.empty
    box.take()
    assert box.empty


def test_no_message_comes_twice_or_out_of_order_between_threads():
    box, seen, done = Mailbox(), [], threading.Event()

    def produce():
        for number in range(20_000):
            box.put(number)
        done.set()

    writer = threading.Thread(target=produce)
    writer.start()
    while not (done.is_set() and box.empty):
        if (message := box.take()) is not None:
            seen.append(message)
    writer.join()
    assert seen == sorted(set(seen))
    assert seen[-1] == 19_999
