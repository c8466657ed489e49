"""What there is to show of a genome: its score tracks and what lies beside them, for every browser alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dnabilstm.colours import colour_of
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import read_json
from dnabilstm.score.store import NO_CALL_FILE
from dnabilstm.tracks.regions import STRANDS
from dnabilstm.tracks.regions import TABLE_FILE as REGIONS_TABLE
from dnabilstm.tracks.write import FORMAT, TABLE_FILE

Kind = Literal["labels", "genes", "split", "no_calls", "regions"]


@dataclass(frozen=True)
class ScoreTrack:
    """A value for every base.

    Attributes
    ----------
    name : str
        The channel, such as ``promoter`` or ``promoter.plus``.
    task : str
        What it is a score of; tracks of one task share a colour.
    colour : str
        ``#RRGGBB``.
    bigwig : pathlib.Path
        The file.
    units : str
        What the values are.
    strand : str
        ``+``, ``-``, or ``.``.
    top : float
        Upper end of the scale, whose lower end is 0.
    spread : bool
        Whether it is the disagreement of an ensemble's members, not a probability.
    """

    name: str
    task: str
    colour: str
    bigwig: Path
    units: str
    strand: str
    top: float = 1.0
    spread: bool = False


@dataclass(frozen=True)
class RegionTrack:
    """Intervals: called regions, labels, genes, parts of the split, bases without a score.

    Attributes
    ----------
    name : str
        What is written beside it.
    kind : str
        What it is.
    path : pathlib.Path
        BED or GFF3, as it was given.
    colour : str
        ``#RRGGBB``.
    task : str
        The task that it belongs to; empty if to none.
    about : str
        What the intervals are.
    channel : str
        Of called regions, and of labels in a page, the channel.
    """

    name: str
    kind: Kind
    path: Path
    colour: str
    task: str = ""
    about: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Catalogue:
    """The tracks of one genome, scored by one model.

    Attributes
    ----------
    name : str
        Of the genome.
    contigs : tuple of (str, int)
        Names and lengths, in the FASTA's order.
    scores : tuple of ScoreTrack
        One a channel, and of an ensemble one for the spread of each.
    regions : tuple of RegionTrack
        In the order in which they are shown.
    table : dict
        ``tracks.json``: digests, transform, settings.
    """

    name: str
    contigs: tuple[tuple[str, int], ...]
    scores: tuple[ScoreTrack, ...]
    regions: tuple[RegionTrack, ...]
    table: dict[str, Any]

    @property
    def description(self) -> str:
        """One sentence on what the numbers are."""
        return f"{self.table['units']}, {self.table['transform']}; no-call: {self.table['no_call']}"


def read_catalogue(
    folder: Path,
    name: str,
    *,
    labels: Sequence[tuple[str, Path]] = (),
    genes: Path | None = None,
    split: Path | None = None,
) -> Catalogue:
    """Read what ``dnabilstm tracks`` and ``dnabilstm call`` have written, and add what is shown beside it.

    Parameters
    ----------
    folder
        With ``tracks.json`` and the files that it names; ``regions.json`` and ``nocall.bed`` may lack.
    name
        Of the genome.
    labels
        Tasks, or their strands as ``promoter.plus``, and the regions that were measured, BED or GFF3.
    genes
        GFF3 or BED.
    split
        ``NAME.split.bed`` of a training: which stretches were held out.

    Raises
    ------
    DnabilstmError
        If the folder has no tracks, or a file that is named is not there; all of them at once.
    """
    table = _read_table(folder)
    tasks = list(dict.fromkeys(map(_task_of, table["channels"])))
    shades = {task: colour_of(place) for place, task in enumerate(tasks)}
    scores = tuple(_score_track(folder, channel, row, shades) for channel, row in table["channels"].items())
    regions = [*_called(folder, shades), *_beside(folder, labels, genes, split, shades)]
    _check_files([track.bigwig for track in scores] + [track.path for track in regions])
    contigs = tuple((contig["name"], contig["length"]) for contig in table["contigs"])
    return Catalogue(name, contigs, scores, tuple(regions), table)


def _read_table(folder: Path) -> dict[str, Any]:
    path = folder / TABLE_FILE
    if not path.is_file():
        raise DnabilstmError(f"{path}: is not there; wanted a folder of 'dnabilstm tracks'")
    table = read_json(path)
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise DnabilstmError(
            f"{path}: is no table of tracks of format {FORMAT}; run 'dnabilstm tracks' again"
        )
    return table


def _task_of(channel: str) -> str:
    channel = channel.removesuffix(".spread")
    return next((channel.removesuffix(sign) for sign in STRANDS if channel.endswith(sign)), channel)


def _score_track(folder: Path, channel: str, row: dict[str, Any], shades: dict[str, str]) -> ScoreTrack:
    task, spread = _task_of(channel), "spread_of" in row
    # A standard deviation of probabilities is at most one half.
    top = 0.5 if spread else 1.0
    return ScoreTrack(
        channel, task, shades[task], folder / row["bigwig"], row["units"], row["strand"], top, spread
    )


def _called(folder: Path, shades: dict[str, str]) -> list[RegionTrack]:
    path = folder / REGIONS_TABLE
    if not path.is_file():
        return []
    return [
        RegionTrack(
            f"{channel}, called",
            "regions",
            folder / row["file"],
            shades[_task_of(channel)],
            _task_of(channel),
            _about_called(row),
            channel,
        )
        for channel, row in read_json(path)["channels"].items()
    ]


def _about_called(row: dict[str, Any]) -> str:
    if "threshold" not in row:
        return "called regions"
    return f"reaches {row['threshold']:.3g}, stays at {row['extend']:.3g} or above"


def _beside(
    folder: Path,
    labels: Sequence[tuple[str, Path]],
    genes: Path | None,
    split: Path | None,
    shades: dict[str, str],
) -> list[RegionTrack]:
    grey = "#777777"
    found = [
        RegionTrack(
            f"{channel}, measured",
            "labels",
            path,
            shades.get(_task_of(channel), grey),
            _task_of(channel),
            "regions that were measured, as the model is trained or judged on them",
        )
        for channel, path in labels
    ]
    if genes:
        found.append(RegionTrack("genes", "genes", genes, "#444444", about="genes, as they were given"))
    if split:
        about = "what the training used each part of the genome for"
        found.append(RegionTrack("parts of the genome", "split", split, grey, about=about))
    no_calls = folder / NO_CALL_FILE
    if no_calls.is_file():
        about = "bases without a score: runs of N, and contigs that were left out"
        found.append(RegionTrack("no score", "no_calls", no_calls, "#999999", about=about))
    return found


def _check_files(paths: Sequence[Path]) -> None:
    problems = Problems()
    for path in paths:
        if not path.is_file():
            problems.add(
                f"{path}: is not there; run 'dnabilstm tracks' and 'dnabilstm call' again, or mend the path"
            )
    problems.raise_if_any()
