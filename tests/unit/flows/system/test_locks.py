"""A lock is held by one process or thread at a time."""

from __future__ import annotations

import os
import threading

from flows.system.locks import file_lock


def test_lock_makes_the_second_wait_and_say_for_whom(tmp_path):
    lock = tmp_path / "lock"
    order, waited = [], []
    waiting = threading.Event()

    def second() -> None:
        def on_wait(holder: str) -> None:
            waited.append(holder)
            waiting.set()

        with file_lock(lock, on_wait):
            order.append("second")

    thread = threading.Thread(target=second)
    with file_lock(lock, waited.append):
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert waited == [f"process {os.getpid()}"]
