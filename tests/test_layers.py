"""Imports point one way, and what should cost nothing costs nothing."""

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

ORDER = [
    *(
        "errors",
        "files",
        "alphabet",
        "genome",
        "intervals",
        "labels",
        "windows",
        "simulate",
        "sequences",
        "negatives",
        "audit",
        "native",
        "model",
        "score",
    ),
    *(
        "metrics",
        "calibrate",
        "class_calibrate",
        "class_metrics",
        "train",
        "classify",
        "evaluate",
        "tracks",
        "explain",
        "browse",
        "report",
        "forecast",
        "tune",
        "estimator",
        "workflow_schema",
        "cli",
    ),
]
# Of no layer: the package itself, `python -m dnabilstm`, and what pictures share.
OUTSIDE = {"__init__": -1, "colours": 0, "__main__": len(ORDER)}
PLACE = {name: place for place, name in enumerate(ORDER)} | OUTSIDE
PACKAGE = ROOT / "dnabilstm"


def layer(dotted):
    """The place in the order of a module such as ``dnabilstm.score.engine``."""
    parts = dotted.split(".")
    return PLACE[parts[1]] if len(parts) > 1 else PLACE["__init__"]


def imported(path):
    """The modules of this package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "dnabilstm")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            if node.module and node.module.split(".")[0] == "dnabilstm":
                # `from dnabilstm import genome` imports a module, `from dnabilstm import __version__` a name.
                names = [f"dnabilstm.{alias.name}" for alias in node.names if alias.name in PLACE]
                yield from names if node.module == "dnabilstm" and names else [node.module]


def test_every_module_has_a_place():
    names = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert names <= set(PLACE), f"give {names - set(PLACE)} a place in ORDER"
    assert set(ORDER) <= names


def test_no_module_imports_from_a_later_one():
    breaches, edges = [], 0
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(("dnabilstm", *path.relative_to(PACKAGE).with_suffix("").parts))
        for target in imported(path):
            edges += 1
            if layer(target) > layer(name):
                breaches.append(f"{name} imports {target}")
    assert edges > 100
    assert not breaches


@pytest.mark.parametrize(
    "code",
    [
        "import dnabilstm",
        "from dnabilstm.cli import cli; cli.main(['--help'], standalone_mode=False)",
        "from dnabilstm.cli import cli; cli.main(['train', '--help'], standalone_mode=False)",
        "from dnabilstm.cli import cli; cli.main(['tune', '--help'], standalone_mode=False)",
        "import dnabilstm.workflow_schema.write",
    ],
)
def test_what_needs_no_torch_does_not_import_it(code):
    check = "; import sys; assert 'torch' not in sys.modules, 'torch was imported'"
    done = subprocess.run([sys.executable, "-c", code + check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_importing_the_package_imports_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import dnabilstm; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["dnabilstm"], done.stderr
