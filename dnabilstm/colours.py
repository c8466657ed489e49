"""One colour a task, the same in every picture and track.

Those of Okabe & Ito (2008, https://jfly.uni-koeln.de/color/), told apart with any colour vision; beyond seven
tasks a wine red, a grey and a dark green of Tol (https://sronpersonalpages.nl/~pault/, muted).
"""

COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"),
    *("#882255", "#999999", "#117733"),
)


def colour_of(index: int) -> str:
    """Colour of the task at a place in the list of tasks, as ``#RRGGBB``."""
    return COLOURS[index % len(COLOURS)]
