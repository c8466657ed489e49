"""The model file: round trip, identical bytes, and everything that is refused."""

import json
import pickle
import struct

import pytest
import torch

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.bundle import CARD_KEY, FORMAT, Model, join_models, load_model, read_card, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    return Model(build(BiLSTMConfig(tasks=("a",), filters=4, hidden=4)).eval(), {"thresholds": {"a": 0.25}})


def rewritten(path, change) -> None:
    """Change the header of a safetensors file, its lengths made right again."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    card = json.loads(header["__metadata__"][CARD_KEY])
    change(header, card)
    if CARD_KEY in header["__metadata__"]:
        header["__metadata__"][CARD_KEY] = json.dumps(card)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])


def test_a_model_comes_back_as_it_went(model, tmp_path):
    save_model(model, tmp_path / "m.safetensors")
    back = load_model(tmp_path / "m.safetensors")
    codes = torch.randint(1, 16, (2, 50), dtype=torch.uint8)
    assert torch.equal(back.network(codes), model.network(codes))
    assert back.card == model.card
    assert back.digest == model.digest
    save_model(back, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()
    assert read_card(tmp_path / "m.safetensors")["format"] == FORMAT


def test_a_newer_format_is_refused_with_both_versions(model, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    rewritten(path, lambda _, card: card.update(format=FORMAT + 1, version="9.9"))
    with pytest.raises(DnabilstmError, match=rf"format {FORMAT + 1}, written by dnabilstm 9\.9"):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header, card: header["__metadata__"].pop(CARD_KEY), "not a dnabilstm model"),
        (lambda header, card: card.pop("format"), "card is damaged"),
        (lambda header, card: card.pop("config"), "no config"),
        (lambda header, card: card["config"].update(hidden=5), "do not fit"),
        (lambda header, card: card["config"].update(hidden=10_000), "do not fit"),
        (lambda header, card: card["config"].update(architecture="os.system"), "not known"),
        (lambda header, card: card["config"].update(surprise=1), "surprise"),
        (lambda header, card: card.update(calibration="x"), r"damaged \(calibration"),
        (
            lambda header, card: card.update(calibration={"a": {"a": float("nan"), "b": 0}}),
            "damaged .*finite",
        ),
        (lambda header, card: card.update(calibration={"a": {"a": "1", "b": 0}}), "damaged .*number"),
        (lambda header, card: card.update(calibration={"slope": 1, "bias": 0}), "calibration.classes.bias"),
        (lambda header, card: card.update(context={"halo": "4000"}), r"damaged \(context.halo"),
        (lambda header, card: card.update(context={"halo": -5}), r"damaged \(context.halo"),
        (lambda header, card: card.update(context={"bf16": {"p999": None}}), r"damaged \(context.bf16.p999"),
        (lambda header, card: card.update(thresholds=[0.5]), r"damaged \(thresholds"),
        (lambda header, card: card.update(split="chr4"), r"damaged \(split"),
        (
            lambda header, card: card.update(members=[{"thresholds": {"a": None}}]),
            r"damaged \(members.0.thres",
        ),
    ],
)
def test_a_card_that_is_not_ours_is_refused(model, tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    rewritten(path, change)
    with pytest.raises(DnabilstmError, match=message):
        load_model(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        b"not a model at all, but text",
        pickle.dumps({"a": 1}),
        struct.pack("<Q", 2**60) + b"{}",
    ],
)
def test_what_is_not_safetensors_is_refused(tmp_path, content):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(DnabilstmError, match=r"not a whole \.safetensors"):
        load_model(path)


def test_a_cut_file_is_refused(model, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DnabilstmError, match="not a whole"):
        load_model(path)


def test_weights_that_are_not_finite_are_refused(model, tmp_path):
    with torch.no_grad():
        model.network.head.outer.bias.fill_(float("nan"))
    save_model(model, tmp_path / "m.safetensors")
    with pytest.raises(DnabilstmError, match="not finite"):
        load_model(tmp_path / "m.safetensors")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DnabilstmError, match="no such file"):
        load_model(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    ("splits", "joined"),
    [
        # Folds: what validates one member trains the other.
        (["a:train b:valid c:test", "a:valid b:train c:test"], "a:train b:train c:test"),
        (["a:train b:valid c:test"] * 2, "a:train b:valid c:test"),
        # What one member tests, another was trained on, or knows nothing of.
        (["a:train b:valid c:test", "a:train b:test c:valid"], "a:train b:valid c:valid"),
        (["a:train c:test d:test", "a:train c:test"], "a:train c:test d:guard"),
    ],
)
def test_an_ensemble_has_seen_what_any_member_has(model, splits, joined):
    def split(text):
        return [[name, 0, 9, part] for name, part in (word.split(":") for word in text.split())]

    members = [Model(model.network, {"genome": {"digest": "x"}, "split": split(text)}) for text in splits]
    assert join_models(members, ["m"] * len(members)).card["split"] == split(joined)
    members[1].card["genome"] = {"digest": "y"}
    assert "split" not in join_models(members, ["m"] * len(members)).card


def test_reading_a_model_draws_nothing(tmp_path):
    save_model(
        Model(build(BiLSTMConfig(tasks=("a",), hidden=8, filters=8)).eval(), {}), tmp_path / "m.safetensors"
    )
    before = torch.random.get_rng_state()
    load_model(tmp_path / "m.safetensors")
    assert torch.equal(torch.random.get_rng_state(), before)
