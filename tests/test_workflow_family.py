"""Every variant of the family goes through the workflow's rules, from the demo genome to its scores."""

import numpy as np
import pytest
import yaml

from dnabilstm.model.bundle import load_model
from dnabilstm.score.store import open_scores
from tests.model.variants import SMALL, VARIANTS
from tests.workflow import snakemake

pytestmark = pytest.mark.slow
LABELS = {"promoter": {"path": "<resources>/demo/promoter.bed"}}
TRAIN = {"steps": 40, "evaluate_every": 20, "window": 500, "batch": 8, "shards": 1}
TRAIN |= {"learning_rate": 0.02, "average": 0.5}
# A stranded model has other channels, and so labels of its own: it is the model of another configuration.
COMPARED = {
    name: settings for name, settings in VARIANTS.items() if settings.get("strand") != "stranded" and settings
}
STRANDED = {name: settings for name, settings in VARIANTS.items() if settings.get("strand") == "stranded"}


def configuration(name, model, compare):
    """A configuration of a small model that learns a little, and of what it is compared with."""
    return {
        "model": name,
        "genomes": "genomes.tsv",
        "device": "cpu",
        "demo": {"bases": 50_000, "seed": 3},
        "training": {"genome": "demo", "labels": LABELS, "model": SMALL | model, "train": TRAIN},
        "evaluate": {"compare": {key: {"model": settings} for key, settings in compare.items()}},
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A folder in which every variant has scored the same demo genome: two calls of the workflow."""
    folder = tmp_path_factory.mktemp("family")
    (folder / "genomes.tsv").write_text("name\tfasta\ndemo\t<resources>/demo/genome.fa\n")
    for name, config in [
        ("family", configuration("family", {}, COMPARED)),
        *((f"family.{name}", configuration(f"family.{name}", own, {})) for name, own in STRANDED.items()),
    ]:
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        models = [name, *(f"{name}.{other}" for other in config["evaluate"]["compare"])]
        status, said = snakemake(folder, *(f"results/demo/{model}/scores.json" for model in models))
        assert status == 0, said
    return folder


def test_the_genome_is_made_and_encoded_once(demo):
    assert len(list((demo / "logs").glob("simulate.log"))) == 1
    assert len(list((demo / "logs/encode").iterdir())) == 1
    assert len(list((demo / "logs/train").iterdir())) == len(VARIANTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_trains_and_scores_the_demo_genome(demo, name):
    called = "family" if name == "default" else f"family.{name}"
    model = load_model(demo / f"results/models/{called}/model.safetensors")
    wanted = SMALL | VARIANTS[name]
    config = model.network.config
    assert {key: getattr(config, key) for key in wanted} == wanted
    scores, default = (open_scores(demo / f"results/demo/{other}") for other in (called, "family"))
    bases = scores.info["bases"]
    assert (
        bases["in"] == bases["scored"] + bases["no_call"] == sum(c.length for c in scores.contigs) == 50_000
    )
    assert scores.channels == (("promoter.plus", "promoter.minus") if name in STRANDED else ("promoter",))
    values = np.asarray(scores.values)
    assert np.isfinite(values).sum() == bases["scored"] * len(scores.channels)
    assert np.isnan(values[0]).sum() == bases["no_call"]
    called_bases = values[np.isfinite(values)]
    assert called_bases.min() >= 0
    assert called_bases.max() <= 1
    assert called_bases.std() > 0
    if name != "default":
        # The same network with the same seed gives the same bytes.
        assert np.nanmax(np.abs(values[0] - default.values[0])) > 1e-4


def test_no_two_variants_say_the_same(demo):
    rows = {}
    for path in (demo / "results/demo").glob("family*/scores.f32"):
        channel = np.nan_to_num(open_scores(path.parent).values[0])
        assert rows.setdefault(channel.tobytes(), path.parent.name) == path.parent.name
    assert len(rows) == len(VARIANTS)
