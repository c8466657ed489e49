"""Memory-mapped arrays: pages that are no longer needed go back, so that memory does not grow with a file."""

import contextlib
import mmap
from typing import Any

import numpy as np


def release(array: np.ndarray) -> None:
    """Give back the memory of a mapped array's pages; their content stays in the file and in its cache.

    Without effect on arrays that are not mapped from a shared file, and where the system has no such call.
    """
    mapping = _mapping_of(array)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        with contextlib.suppress(OSError, ValueError):
            mapping.madvise(mmap.MADV_DONTNEED)


def _mapping_of(array: np.ndarray) -> mmap.mmap | None:
    base: Any = array
    while base is not None and not isinstance(base, mmap.mmap):
        # Private pages (mode "c") would lose what was written to them.
        if isinstance(base, np.memmap) and base.mode == "c":
            return None
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    return base
