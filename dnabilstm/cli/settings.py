"""Options made from the configuration dataclasses, so that a default stands in one place only."""

import math
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import yaml
from pydantic.fields import FieldInfo

from dnabilstm.errors import DnabilstmError, Problems


def description_of(kind: type, name: str) -> str:
    """The description that a dataclass gives one of its fields."""
    hint = get_type_hints(kind, include_extras=True)[name]
    return next(part.description for part in get_args(hint) if isinstance(part, FieldInfo))


def default_of(field: Field) -> Any:
    """The default of a dataclass's field, made anew where it has a factory."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def option_of(kind: type, name: str, **more: Any) -> Callable:
    """A click option for one field: its name, default and description are the dataclass's own."""
    field: Field = kind.__dataclass_fields__[name]
    flags = {"is_flag": True} if field.default is False else {"show_default": True}
    flag = "--" + name.replace("_", "-")
    return click.option(flag, name, default=field.default, help=description_of(kind, name), **flags, **more)


class FiniteRange(click.FloatRange):
    """A number within a range; neither NaN nor infinity, which click takes for one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or an error of the option."""
        found = super().convert(value, param, ctx)
        return found if math.isfinite(found) else self.fail(f"{value!r} is not a number.", param, ctx)


def listed(kind: type, section: str) -> list[str]:
    """A line a field of a configuration, for a help text: ``model.hidden=64  units of ...``."""
    rows = [
        (f"{section}.{f.name}={default_of(f)}", description_of(kind, f.name))
        for f in fields(kind)
        if f.name != "tasks"
    ]
    return [f"{setting:28}  {text}" for setting, text in rows]


def read_settings(
    file: Path | None, assignments: tuple[str, ...], sections: tuple[str, ...], problems: Problems
) -> dict[str, dict]:
    """Settings of a YAML file, with ``section.key=value`` of the command line put over them.

    Noted as problems, and left out, are a file that is not YAML, an unknown section, and an assignment
    without a section, a key or a value.
    """
    found: dict[str, dict] = {section: {} for section in sections}
    read: dict[str, Any] = {}
    with problems.collect():
        read = _read_yaml(file) if file else {}
    for section, values in read.items():
        if section in found and isinstance(values, dict):
            found[section].update({str(key): value for key, value in values.items()})
        else:
            problems.add(
                f"{file}: {section!r}; wanted the sections {', '.join(sections)} with settings in each"
            )
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        section, _, key = name.partition(".")
        if not (equals and key and section in found):
            problems.add(
                f"--set {assignment}: wanted SECTION.KEY=VALUE with SECTION one of {', '.join(sections)}"
            )
            continue
        try:
            found[section][key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            problems.add(f"--set {assignment}: the value is not YAML: {' '.join(str(error).split())}")
    return found


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(Path(file).read_text())
    except OSError as error:
        raise DnabilstmError(f"{file}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DnabilstmError(f"{file}: is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values or {}, dict):
        raise DnabilstmError(f"{file}: wanted a YAML mapping with sections")
    return values or {}
