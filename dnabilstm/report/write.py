"""Write a report: the page, and each figure as a picture and as data."""

from pathlib import Path

from dnabilstm.files import atomic_file, atomic_folder
from dnabilstm.report.draw import as_svg
from dnabilstm.report.figures import FIGURES
from dnabilstm.report.inputs import Run
from dnabilstm.report.page import page


def figures_folder(output: Path) -> Path:
    """Where the figures of a report go: ``report.html`` has them in ``report.figures``."""
    return output.with_suffix(".figures")


def write_report(run: Run, output: Path) -> list[Path]:
    """Write the page to ``output`` and ``<figure>.svg`` and ``<figure>.tsv`` into a folder beside it.

    The same run gives the same bytes. A figure without data has no files; the page says why.

    Returns
    -------
    list of Path
        What was written.
    """
    tables = {key: figure.table(run) for key, figure in FIGURES.items()}
    pictures = {key: as_svg(key, table) for key, table in tables.items() if table.rows}
    names = [f"{key}.{kind}" for key in FIGURES for kind in ("svg", "tsv")]
    folder = figures_folder(output)
    with atomic_folder(folder, names) as part:
        for key, picture in pictures.items():
            (part / f"{key}.svg").write_text(f'<?xml version="1.0" encoding="utf-8"?>\n{picture}\n', "utf-8")
            (part / f"{key}.tsv").write_text(tables[key].tsv(), "utf-8")
    with atomic_file(output) as part:
        part.write_text(page(run, tables, pictures), "utf-8")
    return [output, *(folder / f"{key}.{kind}" for key in pictures for kind in ("svg", "tsv"))]
