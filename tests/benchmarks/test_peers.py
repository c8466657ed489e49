"""The programs that dnabilstm is compared with do what they are said to do, at a tiny size."""

import sys

import numpy as np
import pytest
import torch

from benchmarks.speed.made import random_fasta, random_model
from benchmarks.speed.peers import danq, onnx_openvino, plain, run
from benchmarks.speed.peers.windows import ONE_HOT, one_hot_batches, put, read_genome
from dnabilstm.model.bundle import save_model

SMALL = {"hidden": 6, "filters": 4, "filter_width": 9, "norm": False, "residual": False}
LETTERS = np.frombuffer(b"ACGT", np.uint8)


def called(monkeypatch, main, *arguments):
    monkeypatch.setattr(sys, "argv", ["program", *map(str, arguments)])
    main()


def lively(**settings):
    model = random_model(**SMALL | settings)
    with torch.no_grad():
        for parameter in model.network.parameters():
            torch.nn.init.normal_(parameter, std=0.6)
    return model


@pytest.fixture
def files(tmp_path):
    random_fasta(tmp_path / "genome.fa", 1_230)
    save_model(lively(), tmp_path / "model.safetensors")
    return tmp_path


@pytest.mark.parametrize("window", [1, 7, 100, 5_000])
@pytest.mark.parametrize("batch", [1, 3, 64])
def test_windows_hold_every_base_once_in_its_place(window, batch):
    contigs = [np.resize(LETTERS, length) for length in (1, 250, 99)]
    found = np.full((4, 350), np.nan, np.float32)
    for one_hot, places in one_hot_batches(contigs, window, batch):
        assert one_hot.shape[1:] == (window, 4)
        assert len(one_hot) <= batch
        put(found, places, one_hot, 1)
    assert (found == ONE_HOT[np.concatenate(contigs)].T).all()


def test_letters_are_read_in_upper_case(tmp_path):
    (tmp_path / "genome.fa").write_text(">a\nacg\nT\n>b\nNn\n")
    assert [bytes(contig) for contig in read_genome(tmp_path / "genome.fa")] == [b"ACGT", b"NN"]


@pytest.mark.parametrize(
    "settings",
    [{}, {"strand": "none"}, {"strand": "stranded"}, {"pool": 1, "filters": 0}, {"layers": 3, "pool": 3}],
)
def test_the_plain_network_computes_what_the_model_does(settings):
    network = lively(**settings).network
    bases = torch.randint(4, (900,), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        logits = network((1 << bases).to(torch.uint8).unsqueeze(0))[0].T.numpy()
    found = plain.score(plain.plain_of(network), [LETTERS[bases.numpy()]], 900, 8)
    assert found.dtype == np.float32
    assert logits.std() > 0.03
    np.testing.assert_allclose(np.log(found / (1 - found)), logits, atol=1e-4)


def test_calibration_is_taken_over(tmp_path):
    model = lively()
    before = plain.plain_of(model.network)(torch.eye(4).repeat(1, 5, 1))
    model.card["calibration"] = {"a": {"a": 0.5, "b": -1.0}}
    save_model(model, tmp_path / "model.safetensors")
    after = plain.like(tmp_path / "model.safetensors")(torch.eye(4).repeat(1, 5, 1))
    torch.testing.assert_close(after, torch.sigmoid(0.5 * torch.logit(before) - 1))


@pytest.mark.parametrize("settings", [{"cell": "peephole"}, {"merge": "sum"}, {"skip": True}])
def test_networks_that_no_plain_one_equals_are_refused(settings):
    with pytest.raises(SystemExit, match="wanted a model"):
        plain.plain_of(random_model(**SMALL | settings).network)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_runtimes_give_the_scores_of_the_plain_script(runtime, files, monkeypatch):
    pytest.importorskip("onnx")
    pytest.importorskip(runtime)
    sizes = ("--like", files / "model.safetensors", "--window", 100, "--batch", 3)
    genome = ("--genome", files / "genome.fa")
    called(monkeypatch, onnx_openvino.main, "export", "--output", files / "network.onnx", *sizes)
    more = ("--network", files / "network.onnx", "--output", files / "found.f32", *genome)
    called(monkeypatch, onnx_openvino.main, "run", "--runtime", runtime, *more)
    called(monkeypatch, plain.main, "--output", files / "wanted.f32", *genome, *sizes)
    found, wanted = (np.fromfile(files / name, np.float32) for name in ("found.f32", "wanted.f32"))
    assert len(found) == 1_230
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_missing_runtime_is_named(monkeypatch):
    monkeypatch.setattr(onnx_openvino, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="not installed: onnxruntime; pip install onnxruntime"):
        onnx_openvino.onnxruntime("network.onnx", "fp32")


@pytest.mark.parametrize(("stride", "windows"), [(200, 4 * 2), (41, 2 * 8 + 2 * 8)])
def test_danq_scores_every_stretch_of_a_contig(stride, windows, files, monkeypatch):
    output = files / "scores.f32"
    called(monkeypatch, danq.main, "--genome", files / "genome.fa", "--output", output, "--stride", stride)
    found = np.fromfile(output, np.float32).reshape(-1, danq.OUTPUTS)
    assert len(found) == windows
    assert ((found > 0) & (found < 1)).all()


@pytest.mark.parametrize("stride", [1, 200])
def test_danq_windows_are_centred_on_what_they_score(stride):
    contig = LETTERS[np.random.default_rng(1).integers(4, size=1_400)]
    windows = np.concatenate(list(danq.sliding([contig], stride, 64)))
    margin = (danq.WINDOW - stride) // 2
    scored = windows[:, margin : margin + stride].reshape(-1, 4)
    assert (scored == ONE_HOT[contig]).all()


def test_stretches_are_the_first_bases(files):
    stretches = run.Stretches(files / "genome.fa", files, 1_000)
    contigs = read_genome(stretches.first(500))
    assert stretches.total == 1_000
    assert b"".join(map(bytes, contigs)) == b"".join(map(bytes, read_genome(files / "genome.fa")))[:500]


def test_a_failing_program_ends_the_comparison_with_its_message():
    with pytest.raises(SystemExit, match="no_such_module"):
        run.measure("-m benchmarks.no_such_module")


def test_speeds_are_told_from_the_time_to_start():
    programs = {"ours": run.Program("", 10_000), "theirs": run.Program("", 1_000)}
    found = {
        "ours": ([run.Used(3.0, 4.0, 100.0)], [run.Used(2.0, 2.0, 90.0)]),
        "theirs": ([run.Used(5.0, 9.0, 200.0)], [run.Used(4.0, 4.0, 90.0)]),
    }
    *_, ours, theirs = run.table(programs, found, 20_000)
    assert ours == "| ours | 10,000 | 3.0 | 4.0 | 3.333 | 2.0 | 9 | 222 | 100 | 1 |"
    assert theirs == "| theirs | 1,000 | 5.0 | 9.0 | 0.2 | 4.0 | 0.9 | 5.56e+03 | 200 | 10 |"


@pytest.mark.slow
def test_whole_commands_are_compared(tmp_path, monkeypatch, capsys):
    sizes = ("--hidden", 6, "--filters", 4, "--bases", 30_000, "--repeats", 1)
    only = ("--only", "score, fp32", "1,000 x 128")
    called(monkeypatch, run.main, *sizes, *only, "--output", tmp_path / "table.md")
    text = (tmp_path / "table.md").read_text()
    assert text in capsys.readouterr().out
    assert "| dnabilstm score, fp32 | 30,000 |" in text
    assert "| PyTorch, windows of 1,000 x 128 | 30,000 |" in text
