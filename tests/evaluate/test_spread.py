"""The spread of an ensemble against the errors of its calls, worked out by hand."""

import numpy as np

from dnabilstm.evaluate.spread import spread_figures


class Held:
    """Tracks of one contig."""

    def __init__(self, **tracks):
        self.channels = tuple(tracks)
        self._tracks = {name: np.array(values, np.float32) for name, values in tracks.items()}

    def track(self, channel, contig):
        return self._tracks[channel]


LABELS = Held(a=[1, 1, 0, 0, 0, 255, 0])
SCORES = {"a": [0.9, 0.2, 0.6, 0.1, 0.3, 0.9, np.nan]}
# Base 1 is missed and base 2 called falsely; base 5 is masked and base 6 has no call.
SPREAD = [0.1, 0.3, 0.2, 0.0, 0.25, 9.0, np.nan]


def figures(labels=LABELS, thresholds=None):
    scores = Held(**SCORES, **{"a.spread": SPREAD})
    return spread_figures(scores, labels, [("c", 0, 7)], {"a": "a.spread"}, thresholds or {"a": 0.5})


def test_the_spread_of_wrong_calls_is_ranked_against_that_of_right_ones():
    (row,) = figures()
    assert (row["bases"], row["wrong"]) == (5, 2)
    # Pairs of wrong (.3, .2) and right (.1, .0, .25): five of six are in order.
    np.testing.assert_allclose(row["auroc"], 5 / 6)
    np.testing.assert_allclose([row["wrong_mean"], row["right_mean"]], [0.25, 0.35 / 3], rtol=1e-6)


def test_without_a_wrong_call_there_is_no_figure():
    (row,) = figures(Held(a=[1, 0, 1, 0, 0, 255, 0]))
    assert (row["wrong"], row["auroc"], row["wrong_mean"]) == (0, None, None)


def test_a_base_at_the_threshold_is_called():
    assert figures(thresholds={"a": 0.6})[0]["wrong"] == 2
    assert figures(thresholds={"a": np.nextafter(0.6, 1)})[0]["wrong"] in (1, 2)


def test_a_model_without_spread_has_none():
    assert spread_figures(Held(**SCORES), LABELS, [("c", 0, 7)], {}, {"a": 0.5}) == []
