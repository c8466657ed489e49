"""The pages that a hub's tracks are described on, in plain HTML."""

from html import escape

from dnabilstm.browse.names import one_line
from dnabilstm.browse.shared import Shared, SharedTrack

ABOUT_PAGE = "pages/about.html"
_HEAD = (
    '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n'
)


def page_of(symbol: str) -> str:
    """The page of a task."""
    return f"pages/{symbol}.html"


def pages(shared: Shared) -> dict[str, str]:
    """All pages, by their place in the folder: one of the whole, one of each task."""
    found = {ABOUT_PAGE: _page(shared, f"dnabilstm: {shared.name}", shared.tracks)}
    for task, symbol in shared.tasks.items():
        tracks = [track for track in shared.tracks if track.task == task]
        found[page_of(symbol)] = _page(shared, f"{one_line(task)} ({shared.name})", tracks)
    return found


def _page(shared: Shared, title: str, tracks: tuple[SharedTrack, ...] | list[SharedTrack]) -> str:
    table = shared.catalogue.table
    facts = {
        "Scores": shared.catalogue.description,
        "Scale": "0 to 1, the same for all tracks of a probability; zoomed out, the maximum is shown",
        "Genome": _said(table.get("genome", {}), {"source": "", "digest": "digest"}),
        "Model": _said(table.get("model", {}), {"digest": "SHA-256"}),
        "Settings": _said(table.get("settings", {})),
    }
    rows = "".join(
        f'<tr><td style="color:{track.colour}">&#9632;</td><td>{escape(track.name)}</td>'
        f"<td>{escape(track.about)}</td></tr>\n"
        for track in tracks
    )
    said = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in facts.items() if text
    )
    return (
        _HEAD.format(title=escape(title))
        + f"<h2>{escape(title)}</h2>\n<table>\n{rows}</table>\n<dl>\n{said}</dl>\n</body>\n</html>\n"
    )


def _said(values: dict, names: dict[str, str] | None = None) -> str:
    """Some or all values of a table in one line, each with what it is called."""
    wanted = names if names is not None else {name: name for name in values}
    pairs = [(name, values[key]) for key, name in wanted.items() if values.get(key) not in (None, "")]
    return one_line(", ".join(f"{name} {value}".strip() for name, value in pairs)) if pairs else ""
