"""One process at a time at work in a run folder."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator

from fbp.train.run_folder import RunFolder, RunFolderError


@contextlib.contextmanager
def at_work(folder: RunFolder) -> Iterator[None]:
    """Keeps the run for this process while inside.

    The operating system holds the lock, on metrics.jsonl, and lets go when the process ends,
    however it ends: nothing stale is left. Raises RunFolderError where another process has it.
    """
    try:
        file = folder.metrics.open("r+")  # for writing, or NFS refuses the lock
    except OSError as error:
        raise RunFolderError(f"cannot write {folder.metrics}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunFolderError(
                f"{folder.path} is being trained by another process: wait until it ends, or stop it"
            ) from error
        except OSError:
            pass  # a file system that knows no locks is no reason not to train
        yield
