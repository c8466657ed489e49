"""JSON schemas of the workflow's configuration, as a validator likes them."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from dnabilstm.files import atomic_file
from dnabilstm.workflow_schema.configuration import SCHEMAS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DROPPED = ("title", "default", "$defs", "$ref", "allOf")
_NAMED = ("properties", "patternProperties")
"""Their keys are the user's, of which ``title`` or ``default`` could be one."""


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model, references resolved, without titles and defaults."""
    schema = model.model_json_schema()
    return {"$schema": DIALECT, **_plain(schema, schema.get("$defs", {}))}


def _plain(node: Any, shared: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(part, shared) for part in node]
    if not isinstance(node, dict):
        return node
    # pydantic writes a described reference as {"allOf": [reference], ...} or {"$ref": ..., ...}.
    referred = node.get("$ref") or next((part["$ref"] for part in node.get("allOf", [])), None)
    if referred:
        node = {**shared[referred.rpartition("/")[2]], **node}
    plain = {
        key: {name: _plain(part, shared) for name, part in value.items()}
        if key in _NAMED
        else _plain(value, shared)
        for key, value in node.items()
        if key not in _DROPPED
    }
    if "patternProperties" in plain:
        plain["additionalProperties"] = False
    return _nullable(plain)


def _nullable(node: dict[str, Any]) -> dict[str, Any]:
    """Section or null as one type, so that a validator names the key that is wrong inside it."""
    choices = node.get("anyOf", [])
    if len(choices) != 2 or choices[1] != {"type": "null"} or "type" not in choices[0]:
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**choices[0], **rest, "type": [choices[0]["type"], "null"]}


def write_schemas(folder: Path) -> None:
    """Write every schema of ``SCHEMAS`` into ``folder``."""
    for name, model in SCHEMAS.items():
        with atomic_file(Path(folder) / f"{name}.schema.json") as part:
            part.write_text(json.dumps(json_schema(model), indent=2) + "\n")
