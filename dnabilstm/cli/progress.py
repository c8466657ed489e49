"""Progress on stderr: a bar on a terminal, a plain line now and then in a log."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

LINE_EVERY = 30.0  # seconds


def note(text: str) -> None:
    """One line on stderr."""
    print(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress_bar(title: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes how many units were just done; shows rate and time left."""
    show = _bar if sys.stderr.isatty() else _lines
    with show(title, total, unit) as advance:
        yield advance


@contextlib.contextmanager
def _bar(title: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, rate="")
        started, done = time.monotonic(), 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            bar.update(task, advance=count, rate=_rate(done, time.monotonic() - started, unit))

        yield advance


@contextlib.contextmanager
def _lines(title: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    started = last = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        """Count what was done, in the bar's unit; at times a line."""
        nonlocal done, last
        done += count
        now = time.monotonic()
        if now - last >= LINE_EVERY:
            last = now
            minutes = (now - started) * (total - done) / max(1, done) / 60
            share = 100 * done / max(1, total)
            note(f"{title}: {share:.0f} %, {_rate(done, now - started, unit)}, {minutes:.1f} min left")

    yield advance


def _rate(done: int, seconds: float, unit: str) -> str:
    rate = done / max(seconds, 1e-9)
    for factor, prefix in ((1e6, "M"), (1e3, "k")):
        if rate >= factor:
            return f"{rate / factor:.2f} {prefix} {unit}/s"
    return f"{rate:.0f} {unit}/s"
