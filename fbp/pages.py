"""Memory that stays with the process from step to step.

A step's temporary memory is one block, asked for at its start and given back at its end. glibc
returns it to the system, and the first touch of each of its 4 KiB pages is a fault again in the
next step: on two CPU cores they take 0.1 of a small GPT's step, 0.3 of an LSTM's, half of LeNet's.
Kept pages cost what the largest step needs, for as long as the process lives.
"""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h
KEEP_UP_TO = 2**31 - 1  # bytes, the most that can be said
# The same for a process yet to start.
ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(KEEP_UP_TO)}


def keep_pages() -> bool:
    """Has this process keep freed memory for the next step; whether it could.

    With glibc alone: other systems' allocators are left as they are. In threads other than the
    first, glibc maps blocks of over 64 MiB anew all the same. Memory on accelerators is XLA's own,
    and always kept.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, KEEP_UP_TO))
