"""Several ways to do the same, timed in turn, so that whatever else the machine does meets all of them."""

import statistics
import time
from collections.abc import Callable


def medians(ways: dict[str, Callable[[], object]], repeats: int, first: int = 1) -> dict[str, float]:
    """Median seconds of each way, over ``repeats`` rounds; ``first`` rounds before them do not count."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(first + repeats):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            found[name].append(time.perf_counter() - started)
    return {name: statistics.median(times[first:]) for name, times in found.items()}
