"""The command line: one thin file a subcommand; heavy imports happen inside the commands."""

import atexit
import contextlib
import errno
import importlib
import os
import signal
import sys
import threading

import click

from dnabilstm import __version__
from dnabilstm.errors import DnabilstmError, is_out_of_memory

COMMANDS = {
    "simulate": "write the demo genome, its labels and its truth",
    "encode": "FASTA to codes on disk, with a contig table and digests",
    "label": "BED, narrowPeak or GFF3 to a label for every base",
    "negatives": "hard negatives: shuffled, or windows of a genome",
    "audit": "leaks, duplicates and shifts between training and held-out data",
    "train": "genome and labels, or sequences and classes, to a model file",
    "tune": "many trainings to the settings that validate best",
    "ensemble": "several models as one, with their spread",
    "evaluate": "figures and pictures on held-out contigs",
    "classify": "sequences and model to the probability of each class",
    "score": "genome and model to a probability for every base",
    "merge": "the shards of a genome to its scores",
    "tracks": "scores to bedGraph and bigWig",
    "call": "scores to regions (BED)",
    "explain": "what counts in regions or sequences, and its motifs",
    "browse": "tracks to a web page, and a server for it",
    "report": "one page about a model: data, warnings, figures, examples",
    "hub": "tracks to what UCSC's browser, IGV and JBrowse open",
    "plan": "what scoring some genomes will take, before it starts",
    "cache": "what a cache of scores holds, and cleaning it",
    "info": "what a model file, an encoded genome, labels or scores hold",
}


_OF_PLACES = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ENAMETOOLONG, errno.ELOOP)
"""What a place in the file system may refuse, wherever it is looked at."""


class _Commands(click.Group):
    """Subcommands in the order of the pipeline, each imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"dnabilstm.cli.{name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__)
def cli() -> None:
    """From a genome FASTA and a BED of regulatory regions to a score for every base."""


class _Terminated(KeyboardInterrupt):
    """Somebody, often a job scheduler, asks the process to end."""


def _terminate(*_: object) -> None:
    raise _Terminated


def _run() -> None:
    """Run a command; an error in the wake of an interrupt, as where a library cleans up, is that interrupt."""
    try:
        cli.main(prog_name="dnabilstm", standalone_mode=False)
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, KeyboardInterrupt):
            cause = cause.__context__
        if cause is not None:
            raise cause from None
        raise


def main() -> None:
    """Run the command line.

    Exit status: 0 done, 2 something the user can mend, 1 a bug, 130 interrupted, 143 terminated.
    """
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, _terminate)
    try:
        _run()
    except DnabilstmError as error:
        for problem in error.problems:
            print(
                f"error: {problem}".encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
                file=sys.stderr,
            )
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort) as error:
        print("interrupted; nothing half-written is left under a finished name", file=sys.stderr)
        _exit_now(143 if _Terminated in (type(error), type(error.__cause__)) else 130)
    except BrokenPipeError:
        _drop_output()
        sys.exit(1)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        if not full and not (error.filename and error.errno in _OF_PLACES):
            raise
        what = "cannot be written: " if full else ""
        print(f"error: {error.filename or 'the output'}: {what}{error.strerror}", file=sys.stderr)
        if full:
            _drop_output()
        sys.exit(2)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        print("error: out of memory; give the job more, or a smaller piece of work", file=sys.stderr)
        sys.exit(2)


def _drop_output() -> None:
    """What is still to be printed goes nowhere, so that exiting does not fail on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exit_now(status: int) -> None:
    """Exit without waiting for the threads that still compute, but take temporary folders away."""
    if threading.active_count() > 1 and threading.current_thread() is threading.main_thread():
        sys.stderr.flush()
        atexit._run_exitfuncs()
        os._exit(status)
    sys.exit(status)
