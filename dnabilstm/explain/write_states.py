"""Hidden states to a table of units, tracks of some of them, and pictures of the first loci."""

from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.colours import colour_of
from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.draw_states import StateSight, draw_states
from dnabilstm.explain.inside import DIRECTIONS, hidden_states
from dnabilstm.explain.moments import Moments
from dnabilstm.explain.pictures import marks_in, stem_of
from dnabilstm.explain.run import Run
from dnabilstm.explain.select import Choice
from dnabilstm.explain.table import open_table
from dnabilstm.explain.tracks import sparse_track, write_tracks
from dnabilstm.explain.units import Following, Unit, units_named
from dnabilstm.model.network import BiLSTM

BOUNDS = (-1.0, 1.0)
"""What a hidden state lies between: a sigmoid times a hyperbolic tangent."""
ANNOTATED = "annotated"
"""What the row of ``--annotate`` is called in pictures."""
COLUMNS = ("layer", "direction", "unit", "mean", "sd")


def check_states(run: Run) -> None:
    """Refuse a layer or units that the network does not have."""
    network = run.member
    if run.config.layer > len(network.lstms):
        raise DnabilstmError(
            f"--layer {run.config.layer}: the network has {len(network.lstms)}; wanted 1 to"
            f" {len(network.lstms)}, or 0 for the last"
        )
    units_named(run.config.units, *_shape(network))


def write_states(run: Run) -> dict[str, Any]:
    """Write ``states/``: ``units.tsv``, tracks of some units, and of each output pictures of the first loci.

    Returns
    -------
    dict
        What was written, and what the units of the tracks follow.
    """
    folder, layer = run.folder / "states", run.config.layer or len(run.member.lstms)
    named = units_named(run.config.units, *_shape(run.member))
    following, bases = _follow(run, layer)
    _write_units(following, layer, folder / "units.tsv", run.config.digits)
    channels = [run.model.channels[column] for column in run.columns]
    units = named or following.leading(channels)
    states, first = _at_loci(run, layer, units)
    tracks = {
        unit.name: {
            "follows": following.best(unit),
            "files": _write_track(run, [along[:, k] for along in states], folder / unit.name),
        }
        for k, unit in enumerate(units)
    }
    pictures = {channel: [] for channel in channels}
    for index in sorted(first):
        for column, channel in zip(run.columns, channels, strict=True):
            sight = _sight(run, index, column, following, first[index])
            stem = folder / channel / stem_of(index + 1, sight.choice.locus)
            pictures[channel].append(draw_states(sight, stem)[0].name)
    told = {"layer": layer, "bases": bases, "units": "units.tsv", "tracks": tracks, "pictures": pictures}
    return told | ({"member": run.config.member} if run.members > 1 else {})


def _shape(network: BiLSTM) -> tuple[int, int]:
    """Directions of a layer, and units of each."""
    return (2 if network.config.bidirectional else 1), network.config.hidden


def _follow(run: Run, layer: int) -> tuple[Following, int]:
    """How the units go with scores and labels over the loci and the background; and over how many bases."""
    directions, units = _shape(run.member)
    labels = run.labels.names if run.labels else ()
    followed = (*(f"score.{name}" for name in run.model.channels), *(f"label.{name}" for name in labels))
    moments = Moments(directions * units, len(followed))
    sets = [(run.choices, run.scores), (run.background, run.background_scores)]
    with run.bar("states", sum(len(choices) for choices, _ in sets), "loci") as advance:
        for choices, scores in sets:
            for index, states in hidden_states(run.member, layer, run.with_reach(choices)):
                columns = _followed(run, choices[index], scores[index])
                called = np.isfinite(scores[index]).all(axis=1)
                rows = states.transpose(1, 0, 2).reshape(len(columns), -1)
                moments.add(rows[called], columns[called])
                advance(1)
    shape = directions, units
    correlation = moments.correlation.reshape(*shape, len(followed))
    mean, deviation = moments.mean.reshape(shape), moments.deviation.reshape(shape)
    return Following(followed, mean, deviation, correlation), moments.rows


def _followed(run: Run, choice: Choice, scores: np.ndarray) -> np.ndarray:
    """Scores and labels of the bases of a locus, float (bases, followed)."""
    if run.labels is None:
        return scores
    return np.concatenate([scores, run.labels.of(choice.locus)], axis=1)


def _write_units(following: Following, layer: int, path: Path, digits: int) -> None:
    """Write a row a unit."""
    directions, units = following.mean.shape
    with open_table(path) as out:
        out.write("\t".join([*COLUMNS, *following.followed, "follows"]) + "\n")
        for unit in (Unit(direction, number) for direction in range(directions) for number in range(units)):
            place = unit.direction, unit.number
            numbers = (following.mean[place], following.deviation[place], *following.correlation[place])
            cells = ("." if np.isnan(value) else f"{value:.{digits}f}" for value in numbers)
            row = (str(layer), DIRECTIONS[unit.direction], str(unit.number + 1), *cells)
            out.write("\t".join([*row, following.best(unit) or "."]) + "\n")


def _at_loci(run: Run, layer: int, units: list[Unit]) -> tuple[list[np.ndarray], dict[int, np.ndarray]]:
    """States at all loci of some units, and at the loci that are drawn of all units.

    Float32 (bases, units) each, NaN where there is no score; and float32 (directions, bases, units) by
    the index of the locus.
    """
    found: list[np.ndarray] = [np.empty(0)] * len(run.choices)
    first = {}
    for index, states in hidden_states(run.member, layer, run.with_reach(run.choices)):
        some = states[[unit.direction for unit in units], :, [unit.number for unit in units]].T
        called = np.isfinite(run.scores[index]).all(axis=1)
        # Rounding may put a saturated state just beyond.
        found[index] = np.where(called[:, None], np.clip(some, *BOUNDS), np.nan)
        if index < run.config.pictures:
            first[index] = states
    return found, first


def _write_track(run: Run, states: list[np.ndarray], stem: Path) -> list[str]:
    if run.genome is None:
        return []
    track = sparse_track(zip(run.loci, states, strict=True))
    return [path.name for path in write_tracks(track, run.genome.contigs, stem, run.config.digits, BOUNDS)]


def _sight(run: Run, index: int, column: int, following: Following, states: np.ndarray) -> StateSight:
    choice, channel = run.choices[index], run.model.channels[column]
    locus = choice.locus
    marks = run.labels.marks(locus) if run.labels else {}
    if run.annotations:
        marks[ANNOTATED] = marks_in(run.annotations, locus.contig.name, locus.start, locus.end)
    return StateSight(
        choice,
        channel,
        colour_of(column),
        run.scores[index][:, column],
        states,
        *following.of(channel),
        marks,
    )
