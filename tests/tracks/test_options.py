import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import parse
from dnabilstm.tracks.options import CallConfig, TrackConfig


def test_defaults_are_valid():
    assert parse(TrackConfig, {}, "tracks") == TrackConfig()
    assert parse(CallConfig, {}, "call") == CallConfig()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TrackConfig, {"digits": 0}),
        (TrackConfig, {"digits": 7}),
        (TrackConfig, {"workers": -1}),
        (CallConfig, {"threshold": 0}),
        (CallConfig, {"threshold": 1.1}),
        (CallConfig, {"extend": 0}),
        (CallConfig, {"min_length": 0}),
        (CallConfig, {"merge_gap": -1}),
        (CallConfig, {"thresold": 0.5}),
    ],
)
def test_values_out_of_range_are_refused(kind, values):
    with pytest.raises(DnabilstmError, match=next(iter(values))):
        parse(kind, values, "call")


def test_extend_is_at_most_the_threshold():
    assert parse(CallConfig, {"threshold": "0.4", "extend": "0.4"}, "call").extend == 0.4
    with pytest.raises(DnabilstmError, match=r"extend: found 0\.5, above the threshold 0\.4"):
        parse(CallConfig, {"threshold": 0.4, "extend": 0.5}, "call")
