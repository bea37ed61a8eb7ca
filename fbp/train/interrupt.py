"""Ctrl-C as a question that the training loop answers when its state is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Yields interrupted(): whether SIGINT or SIGTERM has come; a second one acts as always.

    Outside the main thread, which alone may handle signals, nothing changes.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number, frame) -> None:
        asked.set()
        restore()

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield asked.is_set
    finally:
        restore()
