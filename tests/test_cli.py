"""The command line as a whole: help, exit statuses, what goes to which stream."""

import errno
import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

import dnabilstm
from dnabilstm.cli import COMMANDS, cli, main
from dnabilstm.errors import DnabilstmError

FASTA = ">chr1\n" + "ACGTTGCAAC\n" * 10
UNITS = (
    "bases", "Bases", "MiB", "Windows", "Batches", "Threads", "Decimals", "Resamples", "Probability", "Share", "seed",
    "Seed", "Negatives", "Sequences", "Trials", "Minutes", "Seconds", "days", "gigabytes", "Networks", "Port",
    "log-odds", "Loci", "Seqlets", "Regions", "Member", "Layer", "Stretches", "Places", "Shards",
)  # fmt: skip


def program(*words, **more):
    """The command line as a process of its own."""
    command = [sys.executable, "-m", "dnabilstm", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **more)


def ends(monkeypatch, *words):
    """The exit status of ``main`` in this process."""
    monkeypatch.setattr(sys, "argv", ["dnabilstm", *map(str, words)])
    try:
        main()
    except SystemExit as exit:
        return exit.code
    return 0


def fails_with(monkeypatch, error):
    def fail(*_, **__):
        raise error

    command = cli.get_command(None, "info")
    monkeypatch.setattr(command, "callback", fail)


@pytest.fixture
def genome(tmp_path):
    (tmp_path / "genome.fa").write_text(FASTA)
    return tmp_path / "genome.fa"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_every_option_its_unit_and_its_default(name):
    command = cli.get_command(None, name)
    done = CliRunner().invoke(cli, [name, "--help"], terminal_width=300)
    assert done.exit_code == 0
    lines = " ".join(done.stdout.split())
    assert command.help.split("\n")[0] in lines
    for option in (param for param in command.params if isinstance(param, click.Option)):
        assert option.help
        assert option.opts[-1] in lines
        assert " ".join(option.help.split()) in lines
        if option.type.name in ("integer", "integer range", "float", "float range"):
            assert any(unit in option.help for unit in UNITS), option.help
            told = option.show_default or "default:" in option.help or "--set" in option.help
            assert told, f"{option.opts[-1]} does not tell its default"


def test_the_settings_of_a_training_are_listed_with_their_defaults():
    from dnabilstm.cli.settings import default_of
    from dnabilstm.cli.train_options import SECTIONS

    text = CliRunner().invoke(cli, ["train", "--help"]).stdout
    for title, (section, kind) in SECTIONS.items():
        part = text.partition(title)[2].partition("With --")[0]
        for name, field in kind.__dataclass_fields__.items():
            assert (f" {section}.{name}={default_of(field)} " in part) == (name != "tasks")


def test_the_commands_are_listed_in_the_order_of_the_pipeline():
    done = CliRunner().invoke(cli, ["--help"])
    words = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert words == list(COMMANDS)
    assert words[:3] == ["simulate", "encode", "label"]


def test_version_and_running_as_a_module(genome, tmp_path):
    assert program("--version").stdout.endswith(f"version {dnabilstm.__version__}\n")
    done = program("encode", "--genome", genome, "--output", tmp_path / "g")
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 contigs, 100 bases" in done.stderr


def test_a_mistake_of_the_user_is_status_2_and_one_line(monkeypatch, capsys, tmp_path):
    assert ends(monkeypatch, "info", tmp_path / "none") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error: {tmp_path / 'none'}: cannot be read: No such file or directory\n"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["scor"], "No such command 'scor'"),
        (["score"], "Missing option '--genome'"),
        (["score", "--genom", "x"], "No such option"),
        (["info"], "Missing argument 'PATH'"),
        (["info", "a", "b"], "unexpected extra argument"),
        (["score", "--batch", "many"], "'many' is not a valid integer"),
        ([], "Usage: dnabilstm"),
    ],
)
def test_a_wrong_command_line_is_status_2(monkeypatch, capsys, words, wanted):
    assert ends(monkeypatch, *words) == 2
    err = capsys.readouterr().err
    assert wanted in err
    assert "Traceback" not in err


def test_every_problem_of_an_error_is_a_line(monkeypatch, capsys):
    fails_with(monkeypatch, DnabilstmError("a: one", "b\udcff: two"))
    assert ends(monkeypatch, "info", "x") == 2
    assert capsys.readouterr().err == "error: a: one\nerror: b\ufffd: two\n"


def test_an_interrupt_is_status_130_and_one_line(monkeypatch, capsys):
    # With threads that still compute the process would end at once, and the tests with it.
    monkeypatch.setattr("threading.active_count", lambda: 1)
    fails_with(monkeypatch, KeyboardInterrupt())
    assert ends(monkeypatch, "info", "x") == 130
    assert (
        capsys.readouterr().err.strip() == "interrupted; nothing half-written is left under a finished name"
    )


def test_what_fails_in_the_wake_of_an_interrupt_is_the_interrupt(monkeypatch, capsys):
    """As when a library is interrupted while it removes a lock, and then does not find it."""
    monkeypatch.setattr("threading.active_count", lambda: 1)
    error = FileNotFoundError(2, "No such file or directory", "lock")
    error.__context__ = KeyboardInterrupt()
    fails_with(monkeypatch, error)
    assert ends(monkeypatch, "info", "x") == 130
    assert (
        capsys.readouterr().err.strip() == "interrupted; nothing half-written is left under a finished name"
    )


def test_a_bug_is_a_traceback_and_status_1():
    code = """
import sys
from dnabilstm.cli import cli, main
cli.get_command(None, "info").callback = lambda **_: 1 / 0
sys.argv = ["dnabilstm", "info", "x"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO])
def test_a_place_that_cannot_be_looked_at_is_one_line(number, monkeypatch, capsys):
    fails_with(monkeypatch, OSError(number, os.strerror(number), "some/where"))
    assert ends(monkeypatch, "info", "x") == 2
    assert capsys.readouterr().err == f"error: some/where: {os.strerror(number)}\n"


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "?"), FileNotFoundError(2, "?", "x")])
def test_other_failures_of_the_system_are_not_hidden(error, monkeypatch):
    fails_with(monkeypatch, error)
    with pytest.raises(OSError, match=r"\?"):
        ends(monkeypatch, "info", "x")


def test_a_reader_that_goes_away_is_no_traceback(genome, tmp_path):
    genome.write_text("".join(f">contig_{k}\nACGTA\n" for k in range(3000)))
    done = subprocess.Popen(
        [sys.executable, "-m", "dnabilstm", "info", "--json", str(genome)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.stdout.read(1) == "{"
    done.stdout.close()
    with done.stderr:
        assert done.stderr.read() == ""
    assert done.wait(60) in (0, 1)  # as the version of click has it


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_no_room_for_what_is_printed_is_one_line(genome):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        command = [sys.executable, "-m", "dnabilstm", "info", str(genome)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "error: the output: cannot be written: No space left on device\n"


def test_data_go_to_stdout_and_words_to_stderr(genome, tmp_path):
    done = program("info", "--json", genome)
    assert json.loads(done.stdout)["total"]["length"] == 100
    assert done.stderr == ""
    done = program("simulate", "--output", tmp_path / "demo", "--bases", 50_000)
    assert done.stdout == ""
    assert "50,000 bases" in done.stderr


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9")]
)
def test_out_of_memory_is_one_line(monkeypatch, capsys, error):
    fails_with(monkeypatch, error)
    assert ends(monkeypatch, "info", "x") == 2
    assert capsys.readouterr().err == "error: out of memory; give the job more, or a smaller piece of work\n"


def test_another_failure_inside_is_not_hidden(monkeypatch):
    fails_with(monkeypatch, RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        ends(monkeypatch, "info", "x")
