"""Draw a locus: the tracks as a browser reads them, the regions that are called, the labels, the genes.

Run ``python benchmarks/accuracy/locus.py TRACKS CONTIG:START-END OUTPUT.png TASK=LABELS.bed ... genes=GENES.bed``,
where TRACKS is a folder of 'dnabilstm tracks' and 'dnabilstm call'. The picture of the README is made so.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pyBigWig

from dnabilstm.colours import colour_of

matplotlib.use("Agg")
from matplotlib import pyplot


def regions_of(path: Path, contig: str, start: int, end: int) -> list[tuple[int, int, str, str]]:
    """Start, end, name and strand of the lines of a BED that lie in a stretch."""
    found = []
    for line in path.read_text().splitlines():
        fields = line.split("\t") + [".", "", "."]
        if fields[0] == contig and int(fields[1]) < end and int(fields[2]) > start:
            found.append((int(fields[1]), int(fields[2]), fields[3], fields[5]))
    return found


def draw_regions(axis, regions, color, label, start, end, names=False) -> None:
    for left, right, name, strand in regions:
        axis.barh(0, right - left, left=left, height=0.6, color=color, linewidth=0)
        if names and min(right, end) - max(left, start) > 0.065 * (end - start):
            arrow = {"+": name + " \u2192", "-": "\u2190 " + name}.get(strand, name)
            axis.text(
                (max(left, start) + min(right, end)) / 2,
                0,
                arrow,
                ha="center",
                va="center",
                fontsize=7,
                color="white",
            )
    axis.set(xlim=(start, end), ylim=(-0.5, 0.5), yticks=[])
    axis.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    axis.spines[:].set_visible(False)
    axis.tick_params(bottom=False, labelbottom=False)


def main() -> None:
    tracks, place, output = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    files = dict(argument.split("=", 1) for argument in sys.argv[4:])
    contig, span = place.rsplit(":", 1)
    start, end = (int(word) for word in span.replace(",", "").split("-"))
    tasks = [task for task in files if task != "genes"]
    heights = [3, 0.5, 0.5] * len(tasks) + [0.6]
    size = (10, 1 + 1.5 * len(tasks))
    figure, axes = pyplot.subplots(len(heights), 1, figsize=size, height_ratios=heights, layout="constrained")
    for index, task in enumerate(tasks):
        color = colour_of(index)
        with pyBigWig.open(str(tracks / f"{task}.bw")) as bigwig:
            values = np.array(bigwig.values(contig, start, end))
        axis, called, labels = axes[3 * index : 3 * index + 3]
        axis.fill_between(np.arange(start, end), values, step="post", color=color, linewidth=0)
        axis.set(xlim=(start, end), ylim=(0, 1), yticks=[0, 1])
        axis.set_ylabel(task, rotation=0, ha="right", va="center")
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelbottom=False, bottom=False)
        draw_regions(
            called,
            regions_of(tracks / f"{task}.regions.bed", contig, start, end),
            color,
            "called",
            start,
            end,
        )
        draw_regions(
            labels, regions_of(Path(files[task]), contig, start, end), "#555555", "measured", start, end
        )
    genes = regions_of(Path(files["genes"]), contig, start, end) if "genes" in files else []
    draw_regions(axes[-1], genes, "#8a8a8a", "genes", start, end, names=True)
    axes[-1].tick_params(bottom=True, labelbottom=True)
    axes[-1].xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes[-1].set_xlabel(contig)
    figure.savefig(output, dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()
