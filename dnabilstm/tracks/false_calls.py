"""Called regions that overlap no labelled one: what the next model is trained on harder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file, open_text
from dnabilstm.labels import Labels


def judged_channels(channels: Iterable[str], labels: Labels) -> list[str]:
    """The channels of scores that have labels; a ``DnabilstmError`` shows both sides if there are none."""
    channels = list(channels)
    both = [channel for channel in channels if channel in labels.channels]
    if not both:
        raise DnabilstmError(
            f"the labels have the channels {', '.join(labels.channels)}, the scores {', '.join(channels)};"
            " give labels of the tasks that the model was trained on"
        )
    return both


def write_false_calls(table: dict[str, Any], labels: Labels, folder: Path) -> dict[str, int]:
    """Write ``<channel>.hard.bed``: the called regions without a base that is labelled or masked.

    Parameters
    ----------
    table
        Of ``write_regions``, whose files are in ``folder``.
    labels
        Of the same genome; channels that they lack are left out.
    folder
        Where the files go; their columns are those of ``<channel>.regions.bed``.

    Returns
    -------
    dict
        Channel to the number of regions.
    """
    channels = judged_channels(table["channels"], labels)
    return {channel: _write_channel(table, labels, Path(folder), channel) for channel in channels}


def _write_channel(table: dict[str, Any], labels: Labels, folder: Path, channel: str) -> int:
    count = 0
    with (
        open_text(folder / table["channels"][channel]["file"]) as called,
        atomic_file(folder / f"{channel}.hard.bed") as part,
        part.open("w", encoding="utf-8", errors="surrogateescape") as out,
    ):
        for line in called:
            contig, start, end = line.split("\t")[:3]
            if not np.any(labels.track(channel, contig)[int(start) : int(end)]):
                out.write(line)
                count += 1
    return count
