"""What the left and right context add, and from how far, to tables, tracks and pictures."""

from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.explain.context import SEEN, Distances, Sides, sides_of, withhold
from dnabilstm.explain.draw_context import draw_distances, draw_sides
from dnabilstm.explain.pictures import stem_of
from dnabilstm.explain.run import Run
from dnabilstm.explain.table import open_table
from dnabilstm.explain.tracks import sparse_track, write_tracks
from dnabilstm.explain.withheld import SIDES

PLACES = ("locus", "contig", "start", "end", *SEEN, "from_left", "from_right")
REGIONS = ("locus", "contig", "region_start", "region_end", "context", *SIDES)
CURVE = ("context", "side", "loci", "mean", "q10", "q50", "q90", "mean_change")
QUANTILES = (0.1, 0.5, 0.9)
NEAR = 0.1
"""Log-odds within which a region's score counts as that of the whole context."""


def write_context(run: Run) -> dict[str, Any]:
    """Write ``context/``: of each output what either side adds along the loci, and what is lost with less context.

    Returns
    -------
    dict
        What was written, and of each output how much either side adds and how far the context is felt.
    """
    folder = run.folder / "context"
    sides = []
    with run.bar("context", sum(len(locus) for locus in run.loci), "bases") as advance:
        for choice in run.choices:
            sides.append(sides_of(run.log_odds, choice, run.config.places))
            advance(len(choice.locus))
    distances = withhold(run.log_odds, run.choices)
    found: dict[str, Any] = {"units": "log-odds", "loci": len(run.choices)}
    for column in run.columns:
        channel = run.model.channels[column]
        told = _write_sides(run, sides, column, folder / channel)
        if distances:
            told |= _write_distances(run, distances, column, folder / channel)
        found[channel] = told
    return found


def _write_sides(run: Run, sides: list[Sides], column: int, stem: Path) -> dict[str, Any]:
    """Table, tracks and pictures of one output along the loci."""
    table = stem.with_name(f"{stem.name}.tsv.gz")
    _write_places(sides, column, table, run.config.digits)
    files = [table.name]
    told = {}
    for side in ("left", "right"):
        along = [one.along(one.contribution(side)[:, column]) for one in sides]
        told[f"mean_from_{side}"] = _mean_size(np.concatenate(along))
        if run.genome:
            track = sparse_track(zip(run.loci, along, strict=True))
            path = stem.with_name(f"{stem.name}.from_{side}")
            files += [one.name for one in write_tracks(track, run.genome.contigs, path, run.config.digits)]
    pictures = []
    for number, one in enumerate(sides[: run.config.pictures], start=1):
        place = stem / stem_of(number, one.choice.locus)
        pictures.append(draw_sides(one, column, run.model.channels[column], place)[0].name)
    return {**told, "files": files, "pictures": pictures}


def _mean_size(values: np.ndarray) -> float:
    """The mean without sign of what is not NaN."""
    has = np.abs(values[np.isfinite(values)])
    return round(float(has.mean()), 4) if len(has) else 0.0


def _write_places(sides: list[Sides], column: int, path: Path, digits: int) -> None:
    """Write a row a place, those without a score left out."""
    with open_table(path) as out:
        out.write("\t".join(PLACES) + "\n")
        for one in sides:
            locus = one.choice.locus
            seen = [one.log_odds[name][:, column] for name in SEEN]
            added = [one.contribution(side)[:, column] for side in ("left", "right")]
            rows = zip(one.starts.tolist(), one.ends.tolist(), np.stack([*seen, *added], axis=1), strict=True)
            for start, end, values in rows:
                if np.isfinite(values).all():
                    numbers = "\t".join(f"{value:.{digits}f}" for value in values)
                    out.write(f"{locus.name}\t{locus.contig.name}\t{start}\t{end}\t{numbers}\n")


def _write_distances(run: Run, found: Distances, column: int, stem: Path) -> dict[str, Any]:
    """Tables and picture of one output with ever less context."""
    regions = stem.with_name(f"{stem.name}.distances.tsv.gz")
    curve = stem.with_name(f"{stem.name}.curve.tsv")
    _write_regions(run, found, column, regions)
    _write_curve(found, column, curve, run.config.digits)
    pictures = draw_distances(found, column, run.model.channels[column], stem)
    return {
        "distances": [regions.name, curve.name],
        "curve": pictures[0].name,
        "within": NEAR,
        "from_context": needed_context(found, column),
    }


def needed_context(found: Distances, column: int) -> int:
    """Bases of context from which on the regions' scores are, in the mean, within ``NEAR`` of the whole context's."""
    change = np.abs(found.log_odds["both"][:, :, column] - found.full[:, None, column]).mean(axis=0)
    beyond = np.flatnonzero(change > NEAR)
    return found.distances[int(beyond[-1]) + 1 if len(beyond) else 0]


def _write_regions(run: Run, found: Distances, column: int, path: Path) -> None:
    """Write a row a region and distance."""
    with open_table(path) as out:
        out.write("\t".join(REGIONS) + "\n")
        for index, choice in enumerate(run.choices):
            values = np.stack([found.log_odds[side][index, :, column] for side in SIDES], axis=1)
            for distance, row in zip(found.distances, values, strict=True):
                numbers = (f"{value:.{run.config.digits}f}" for value in row)
                place = choice.locus.name, choice.locus.contig.name, choice.start, choice.end, distance
                out.write("\t".join(map(str, (*place, *numbers))) + "\n")


def _write_curve(found: Distances, column: int, path: Path, digits: int) -> None:
    """Write a row a distance and side: mean and quantiles over the loci, and the mean change without its sign."""
    with open_table(path) as out:
        out.write("\t".join(CURVE) + "\n")
        for side in SIDES:
            values = found.log_odds[side][:, :, column]
            for distance, over in zip(found.distances, values.T, strict=True):
                change = np.abs(over - found.full[:, column]).mean()
                numbers = (over.mean(), *np.quantile(over, QUANTILES), change)
                cells = (f"{value:.{digits}f}" for value in numbers)
                out.write("\t".join(map(str, (distance, side, len(over), *cells))) + "\n")
