"""Keep the memory of one update for the next one, instead of giving it back to the system and asking for it again.

glibc maps large tensors anew for every update, or gives the top of its heap back after it; the system then clears every
page before it is used again. A convolutional network of a few megabytes an update loses a quarter of its time so.
"""

from __future__ import annotations

import ctypes
import functools
import platform

__all__ = ["keep_memory"]

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Names of the two settings in glibc's `malloc.h`."""

KEPT, LARGEST = 2**30, 2**25
"""Free bytes above which the heap is cut, and bytes from which on a tensor is mapped: the most that glibc takes."""


@functools.cache
def keep_memory() -> bool:
    """Ask glibc to keep up to a gibibyte of freed memory, once a process; returns whether it does.

    Nothing happens where another C library or allocator is at work.

    Source: glibc manual, "Malloc Tunable Parameters".

    Example:
        >>> keep_memory() in (True, False)
        True
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(MMAP_THRESHOLD, LARGEST) and library.mallopt(TRIM_THRESHOLD, KEPT))
