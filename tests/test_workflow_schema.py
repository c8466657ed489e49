"""The schemas of the workflow: one source, closed, described, without defaults."""

import jsonschema
import pytest
import yaml

from dnabilstm.train.config import SequenceTrainConfig, TrainConfig
from dnabilstm.workflow_schema.configuration import BASELINES, SCHEMAS
from dnabilstm.workflow_schema.write import json_schema, write_schemas
from tests.conftest import ROOT


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_file_is_what_the_model_says(name, tmp_path):
    write_schemas(tmp_path)
    committed = (ROOT / f"workflow/schemas/{name}.schema.json").read_text()
    assert committed == (tmp_path / f"{name}.schema.json").read_text(), "run: make schema"


def _objects(node):
    """Every schema of an object in a schema."""
    if isinstance(node, dict):
        if "object" in (node.get("type"), *(node["type"] if isinstance(node.get("type"), list) else ())):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _objects(part)


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_object_takes_unknown_keys_and_every_key_is_described(name):
    schema = json_schema(SCHEMAS[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    found = list(_objects(schema))
    assert len(found) >= (15 if name == "config" else 1)
    for node in found:
        assert node["additionalProperties"] is False
        for key, value in node.get("properties", {}).items():
            assert value.get("description"), key
    assert not {"default", "title", "$ref"} & set(_keywords(schema))


def _keywords(node):
    """Keywords of a schema; not the names of properties."""
    for key, value in node.items() if isinstance(node, dict) else ():
        yield key
        inner = value.values() if key in ("properties", "patternProperties") else [value]
        for part in inner:
            yield from _keywords(part)


@pytest.mark.parametrize("name", ["config", "yeast", "classifier", "ienhancer", "core_promoter"])
def test_our_own_configurations_fit(name):
    config = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
    jsonschema.validate(config, json_schema(SCHEMAS["config"]))


@pytest.mark.parametrize("section", ["model", "train"])
def test_every_setting_of_training_is_a_key(section):
    from dnabilstm.model.config import BiLSTMConfig

    kind = {"model": BiLSTMConfig, "train": TrainConfig}[section]
    keys = json_schema(SCHEMAS["config"])["properties"]["training"]["properties"][section]["properties"]
    assert set(keys) == set(kind.__dataclass_fields__) - {"tasks", "head"}


def test_the_rules_know_the_same_baselines_and_shards():
    common = (ROOT / "workflow/rules/common.smk").read_text()
    for name in set(BASELINES) - {"kmer"}:
        assert f'"{name}": {{' in common
    assert f"\nSHARDS = {TrainConfig().shards}\n" in common
    assert SequenceTrainConfig().shards == TrainConfig().shards


def test_every_key_is_explained_in_the_readme():
    text = (ROOT / "config/README.md").read_text()
    properties = json_schema(SCHEMAS["config"])["properties"]
    inside = [set(properties[key].get("properties", {})) for key in properties if key != "training"]
    for key in set(properties).union(*inside, properties["training"]["properties"]):
        assert f"`{key}`" in text or f"`{key}." in text, key
