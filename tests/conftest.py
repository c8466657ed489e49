"""Shared fixtures."""

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real genomes; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("DNABILSTM_DATA", ROOT / "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no real genomes at {folder}: set DNABILSTM_DATA")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _heeds_interrupts() -> None:
    """A shell starts background jobs with Ctrl-C ignored, which processes of tests would inherit."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
