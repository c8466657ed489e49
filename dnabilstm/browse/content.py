"""What a page shows, read and checked: tracks of intervals, and the table of regions."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dnabilstm.browse.annotation import Annotation, annotate, read_annotation
from dnabilstm.browse.catalogue import Catalogue, RegionTrack, ScoreTrack
from dnabilstm.browse.regions_table import Called, Row, Truth, listed_rows, rows_of
from dnabilstm.browse.values import Values, open_values
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.genome import Genome
from dnabilstm.intervals import Aliases, Intervals, merge
from dnabilstm.labels import Labels


@dataclass(frozen=True)
class Content:
    """What a page shows.

    Attributes
    ----------
    catalogue : Catalogue
        Of the tracks.
    genome : Genome
        That was scored.
    annotations : tuple of Annotation
        Those that have an interval.
    rows : tuple of Row
        The table.
    folder : pathlib.Path
        Where the tracks are.
    """

    catalogue: Catalogue
    genome: Genome
    annotations: tuple[Annotation, ...]
    rows: tuple[Row, ...]
    folder: Path

    @property
    def tracks(self) -> list[ScoreTrack | Annotation]:
        """In the order in which they are shown: task by task, then what belongs to none."""
        tasks = dict.fromkeys(track.task for track in self.catalogue.scores)
        others = dict.fromkeys(made.track.task for made in self.annotations if made.track.task not in tasks)
        shown: list[ScoreTrack | Annotation] = []
        for task in [*tasks, *others]:
            shown += [track for track in self.catalogue.scores if track.task == task]
            shown += [made for made in self.annotations if made.track.task == task]
        return shown

    def values(self, channel: str) -> Values:
        """The scores of a channel."""
        return open_values(self.folder / self.catalogue.table["channels"][channel]["bedgraph"], self.genome)

    def tested(self) -> Intervals:
        """What was held out for testing: merged and sorted."""
        return _tested(self.annotations)


def read_content(
    catalogue: Catalogue,
    folder: Path,
    genome: Genome,
    *,
    labels: Labels | None = None,
    aliases: Aliases | None = None,
    unknown: str = "refuse",
) -> Content:
    """Read the tracks of intervals of a catalogue, add the labels, and judge the called regions.

    Parameters
    ----------
    catalogue
        Of the tracks in ``folder``.
    folder
        Of ``dnabilstm tracks`` and ``dnabilstm call``.
    genome
        That was scored.
    labels
        Of that genome.
    aliases, unknown
        For the genes: see ``dnabilstm.intervals.read_intervals``.

    Raises
    ------
    DnabilstmError
        If the genome is another one, or a file is wrong; everything at once.
    """
    _check_genome(catalogue, folder, genome)
    problems = Problems()
    read = [
        read_annotation(track, genome, aliases=aliases, unknown=unknown, problems=problems)
        for track in catalogue.regions
    ]
    problems.raise_if_any()
    measured = _measured(labels, catalogue, genome) if labels else []
    content = Content(catalogue, genome, (*read, *measured), (), folder)
    shown = tuple(made for made in content.annotations if len(made.intervals))
    return replace(content, annotations=shown, rows=tuple(_rows(content, labels)))


def list_regions(content: Content, regions: Annotation, labels: Labels | None) -> tuple[Row, ...]:
    """A row for each region of a list and each channel that is a probability."""
    rows: list[Row] = []
    for track in content.catalogue.scores:
        if not track.spread:
            peaks = content.values(track.name).peaks(regions.intervals)
            listed = Called(regions.intervals, peaks, regions.names)
            rows += listed_rows(track.name, listed, _truth(labels, track.name), content.tested())
    return tuple(rows)


def _check_genome(catalogue: Catalogue, folder: Path, genome: Genome) -> None:
    digest = catalogue.table.get("genome", {}).get("digest", genome.digest)
    if digest != genome.digest:
        raise DnabilstmError(
            f"{genome.source}: is not the genome whose tracks are in {folder} (digest {genome.digest}, theirs is"
            f" {digest}); give that one"
        )


def _measured(labels: Labels, catalogue: Catalogue, genome: Genome) -> list[Annotation]:
    """The labelled regions of each channel, as they are labelled."""
    tracks = {track.name: track for track in catalogue.scores}
    made = []
    for channel in labels.channels:
        score = tracks.get(channel)
        task, colour = (score.task, score.colour) if score else (channel, "#777777")
        track = RegionTrack(f"{channel}, measured", "labels", Path(), colour, task, channel=channel)
        made.append(annotate(track, labels.regions(channel), genome))
    return made


def _tested(annotations: tuple[Annotation, ...]) -> Intervals:
    for made in annotations:
        if made.track.kind == "split":
            return merge(made.intervals[np.array([name == "test" for name in made.names])])
    return merge(Intervals(*np.zeros((4, 0), np.int64)))


def _truth(labels: Labels | None, channel: str) -> Truth | None:
    if labels is None or channel not in labels.channels:
        return None
    return Truth(labels.regions(channel), labels.masked())


def _rows(content: Content, labels: Labels | None) -> list[Row]:
    rows: list[Row] = []
    for made in content.annotations:
        if made.track.kind == "regions":
            channel = made.track.channel
            called = Called(made.intervals, made.scores, made.names)
            truth = _truth(labels, channel)
            rows += rows_of(channel, called, truth, content.values(channel).peaks, test=content.tested())
    return rows
