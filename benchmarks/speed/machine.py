"""The machine that a benchmark ran on, in a few words: processor, what it computes in, versions."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""What decides how fast a processor multiplies matrices, in Linux's names."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> tuple[str, list[str]]:
    """Name of the processor, and which of ``FLAGS`` it has; the flags are known on Linux alone."""
    place = Path("/proc/cpuinfo")
    if not place.exists():
        return platform.processor() or platform.machine(), []
    fields: dict[str, str] = {}
    for line in place.read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    flags = fields.get("flags", "").split()
    return fields.get("model name", platform.machine()), [flag for flag in FLAGS if flag in flags]


def computes_bf16() -> bool:
    """Whether the processor multiplies in bf16 by itself."""
    return any(flag.endswith("bf16") for flag in processor()[1])


def described() -> str:
    """One line: processor, flags, cores, versions."""
    name, flags = processor()
    found = f"{name} ({', '.join(flags) or 'flags unknown'}), {cores()} cores"
    return f"{found}; Python {sys.version.split()[0]}, PyTorch {version('torch')}"
