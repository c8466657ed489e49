"""Where a network runs: device, threads, and memory that stays ours."""

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dnabilstm.errors import DnabilstmError

if TYPE_CHECKING:
    import torch
    from torch import nn

DEVICES = ("auto", "cpu", "cuda")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc


def choose_device(name: str) -> "torch.device":
    """``auto`` takes a GPU where there is one; a GPU that is asked for and missing is an error."""
    import torch

    if name not in DEVICES:
        raise DnabilstmError(f"--device {name}: wanted one of {', '.join(DEVICES)}")
    if name == "cuda" and not torch.cuda.is_available():
        raise DnabilstmError(
            "--device cuda: PyTorch finds no GPU here; use --device cpu, or install a CUDA build of torch"
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def device_of(network: "nn.Module") -> "torch.device":
    """Where a network's weights are; the processor, if it has none."""
    import torch

    return next((parameter.device for parameter in network.parameters()), torch.device("cpu"))


def describe(device: "torch.device") -> str:
    """``cuda (NVIDIA H100)`` or ``cpu (2 cores)``: printed before any work starts."""
    import torch

    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"cpu ({available_cores()} cores)"


def computes_bf16(device: "torch.device") -> bool:
    """Whether a device computes in bf16 by itself; elsewhere it would only be imitated."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return processor_computes_bf16()


def processor_computes_bf16() -> bool:
    """The same of the processor; known on Linux alone."""
    flags = Path("/proc/cpuinfo")
    text = flags.read_text() if flags.exists() else ""
    return "avx512_bf16" in text or "amx_bf16" in text


def has_gpu_driver() -> bool:
    """Whether there may be a GPU, as far as can be told without PyTorch: the driver of NVIDIA or AMD is there."""
    return any(Path(place).exists() for place in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg"))


def available_cores() -> int:
    """Cores that this process may use, which a job scheduler may have limited."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare_process(*, one_heap: bool = False) -> None:
    """Set up a process that computes: one thread an operation, and no giving back of memory pages.

    The recurrent kernels allocate large buffers anew in each call; glibc would return them to the
    system each time, and the page faults cost up to half of the time. Workers are threads of ours.

    Parameters
    ----------
    one_heap
        Whether all threads share a heap, for threads that allocate more than 64 MB at once: heaps of their own
        hold no more, so that glibc would return it after all. Many small pieces are quicker without.
    """
    import torch

    torch.set_num_threads(1)
    if sys.platform == "linux":
        try:
            mallopt = ctypes.CDLL("libc.so.6").mallopt
        except (OSError, AttributeError):
            return  # another C library: slower, not wrong
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
        if one_heap:
            mallopt(_M_ARENA_MAX, 1)
