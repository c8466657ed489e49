"""The one exception that stands for what a user can mend; every other exception is a bug."""

import contextlib
from collections.abc import Iterator

SHOWN = 10


class DnabilstmError(Exception):
    """An expected failure: one line a problem, each with path, line or record, found, wanted, what to do.

    Parameters
    ----------
    *problems
        One sentence each. The command line prints them to stderr and exits with status 2.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class Problems:
    """Collects what is wrong with the inputs, so that all of it is reported at once.

    Of one source (a file) at most ``SHOWN`` problems are kept word for word; the rest are counted.
    """

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}
        self._hidden: dict[str, int] = {}

    def add(self, problem: str, source: str = "") -> None:
        """Note one problem; ``source`` groups the problems of one file."""
        lines = self._lines.setdefault(source, [])
        if len(lines) < SHOWN:
            lines.append(problem)
        else:
            self._hidden[source] = self._hidden.get(source, 0) + 1

    def extend(self, error: DnabilstmError) -> None:
        """Take over the problems of an error that was raised elsewhere, all of them."""
        self._lines.setdefault("", []).extend(error.problems)

    @contextlib.contextmanager
    def collect(self) -> Iterator[None]:
        """Take over what the block raises instead of ending there; one block for each thing to check."""
        try:
            yield
        except DnabilstmError as error:
            self.extend(error)

    def __bool__(self) -> bool:
        return any(self._lines.values())

    def error(self) -> DnabilstmError:
        """Everything that was noted, as one error."""
        lines = []
        for source, found in self._lines.items():
            lines += found
            if self._hidden.get(source):
                lines.append(f"{source + ': ' if source else ''}and {self._hidden[source]} more problems")
        return DnabilstmError(*lines)

    def raise_if_any(self) -> None:
        """Raise one ``DnabilstmError`` with everything that was noted, if anything was."""
        if self:
            raise self.error()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: of the process, in a kernel, or on a GPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    # The kernels have no error class of their own for it.
    signs = ("allocate memory", "out of memory", "could not create a memory")
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in signs)
