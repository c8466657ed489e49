"""The pages for people: what they name is there, and what they show can be read."""

import ast
import json
import re
import shlex
from pathlib import Path

import click
import jsonschema
import pytest
import yaml

from dnabilstm.cli import COMMANDS, cli
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.train.config import SequenceTrainConfig, TrainConfig

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    page
    for page in (*ROOT.glob("*.md"), *sorted(ROOT.glob("docs/*.md")), ROOT / "config/README.md")
    if page.exists()
]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.M | re.S)
INLINE = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FOLDERS = {"dnabilstm", "workflow", "config", "docs", "tests", "benchmarks", "profiles"}
SETTINGS = {
    "model": BiLSTMConfig.__dataclass_fields__,
    "train": TrainConfig.__dataclass_fields__ | SequenceTrainConfig.__dataclass_fields__,
}
# `model.state` and the like are files.
FILES = {"safetensors", "split", "training", "learning_curve", "state"}


def fences(text: str) -> list[tuple[str, str]]:
    """Language and content of each fenced block."""
    return [(found[1], found[2]) for found in FENCE.finditer(text)]


def code(text: str) -> list[str]:
    """Every line of a fenced or indented block, continued lines joined, and every piece of inline code."""
    shown = [content for _, content in fences(text)]
    rest = FENCE.sub("\n", text)
    shown += re.findall(r"^ {4}(\S.*)$", rest, re.M)
    lines = [line for block in shown for line in block.replace("\\\n", " ").splitlines()]
    return lines + [
        " ".join(piece.split()) for piece in INLINE.findall(re.sub(r"^ {4}\S.*$", "", rest, flags=re.M))
    ]


def words(line: str) -> list[str]:
    """Words of a line as a shell reads them; a line that is no shell is cut at blanks."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def options_of(command: str) -> set[str]:
    """Options of a subcommand."""
    found = cli.get_command(click.Context(cli), command)
    options = {"--help", "-h"}
    for parameter in found.params:
        options.update(parameter.opts)
    return options


def snakemake_options() -> set[str]:
    from snakemake.cli import get_argument_parser

    return set(get_argument_parser()._option_string_actions)


def commands(text: str, program: str) -> list[list[str]]:
    """Arguments of each call of a program, up to the end of the shell command."""
    found = []
    for line in code(text):
        given = words(line)
        for place, word in enumerate(given):
            # `use rule * from dnabilstm as ...` is Snakemake's, and no call.
            if word == program and given[max(0, place - 1)] != "from":
                rest = given[place + 1 :]
                ends = (i for i, end in enumerate(rest) if end in ("|", ">", "2>", "&&", "||", ";"))
                found.append(rest[: next(ends, len(rest))])
    return found


def wrong_commands(text: str) -> list[str]:
    """Subcommands and options of ``dnabilstm`` that do not exist, and settings given to --set."""
    wrong = []
    for arguments in commands(text, "dnabilstm"):
        if not arguments or not re.fullmatch(r"[a-z]+", arguments[0]):
            continue  # the name of the package, --version
        if arguments[0] not in COMMANDS:
            wrong.append(f"dnabilstm {arguments[0]}")
            continue
        options = options_of(arguments[0])
        wrong += [
            f"dnabilstm {arguments[0]} {word}"
            for word in arguments[1:]
            if word.startswith("-") and word.partition("=")[0] not in options
        ]
    return wrong


def wrong_settings(text: str) -> list[str]:
    """Settings such as ``model.hidden`` that no dataclass has."""
    pieces = [word for line in code(text) for word in words(line)]
    found = [re.fullmatch(r"(model|train)\.([a-z_]+)(?:=.*|:)?", piece) for piece in pieces]
    return [
        match[0] for match in found if match and match[2] not in FILES and match[2] not in SETTINGS[match[1]]
    ]


def wrong_paths(text: str) -> list[str]:
    """Files and folders of the project that are not there."""
    found = []
    for line in code(text):
        for word in re.findall(r"[\w./*<>{}-]+", line):
            first, slash, _ = word.partition("/")
            placeholder = re.search(r"[<>{}*]|NAME|\.\.\.", word)
            if slash and first in FOLDERS and not placeholder and not (ROOT / word).exists():
                found.append(word)
    return found


def slug(title: str) -> str:
    """The anchor that a heading gets."""
    kept = re.sub(r"[^\w\- ]", "", title.replace("`", "").lower())
    return kept.strip().replace(" ", "-")


def wrong_links(text: str, page: Path) -> list[str]:
    """Links to other pages, or to headings, that lead nowhere."""
    wrong = []
    for link in LINK.findall(FENCE.sub("", text)):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        place = page.parent / target if target else page
        titles = (
            re.findall(r"^#+ (.*)$", place.read_text(), re.M)
            if place.suffix == ".md" and place.exists()
            else []
        )
        if not place.exists() or (anchor and anchor not in map(slug, titles)):
            wrong.append(link)
    return wrong


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request) -> Path:
    return request.param


def test_commands_and_their_options_exist(page):
    assert wrong_commands(page.read_text()) == []


def test_options_in_running_text_exist(page):
    known = snakemake_options().union(*map(options_of, COMMANDS), {"--version", "--no-deps"})
    named = [words(piece)[0] for piece in code(page.read_text()) if piece.startswith("--")]
    assert [option for option in named if option.partition("=")[0] not in known] == []


def test_options_of_snakemake_exist(page):
    known = snakemake_options()
    given = [
        word for call in commands(page.read_text(), "snakemake") for word in call if word.startswith("-")
    ]
    assert [option for option in given if option not in known] == []


def test_make_targets_exist(page):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    calls = [line.split() for line in code(page.read_text()) if re.match(r"make( |$)", line)]
    assert [call for call in calls if call[1:2] and call[1] not in targets] == []


def test_settings_exist(page):
    assert wrong_settings(page.read_text()) == []


def test_paths_exist(page):
    assert wrong_paths(page.read_text()) == []


def test_links_resolve(page):
    assert wrong_links(page.read_text(), page) == []


def test_blocks_can_be_read(page):
    for language, content in fences(page.read_text()):
        if language == "json":
            json.loads(content)
        elif language == "yaml":
            yaml.safe_load(content)
        elif language == "python" and not content.startswith("module "):
            ast.parse(content)


def test_configurations_fit_the_schema(page):
    schema = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    for language, content in fences(page.read_text()):
        shown = yaml.safe_load(content) if language == "yaml" else {}
        if "genomes" in shown or "classifier" in shown:
            jsonschema.validate(shown, schema)


def test_what_is_wrong_is_found(tmp_path):
    text = (
        "`dnabilstm scor` `dnabilstm score --chunks 3` `model.hiden` `config/none.yaml` [a](b.md) [c](#d)\n"
        "```bash\ndnabilstm call --scores x \\\n    --treshold 1 | grep --color x\n```\n# E\n[e](#e)\n"
    )
    assert wrong_commands(text) == ["dnabilstm call --treshold", "dnabilstm scor", "dnabilstm score --chunks"]
    assert wrong_settings(text) == ["model.hiden"]
    assert wrong_paths(text) == ["config/none.yaml"]
    (tmp_path / "page.md").write_text(text)
    assert wrong_links(text, tmp_path / "page.md") == ["b.md", "#d"]


def test_the_architecture_lists_every_module_in_import_order():
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("## Modules")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.M)
    package = ROOT / "dnabilstm"
    there = {file.relative_to(package).parts[0].removesuffix(".py") for file in package.rglob("*.py")}
    assert sorted(listed) == sorted(there - {"__init__", "__main__"})
    for place, name in enumerate(listed):
        files = (
            [package / f"{name}.py"] if (package / f"{name}.py").exists() else (package / name).rglob("*.py")
        )
        for file in files:
            taken = set(re.findall(r"^\s*from dnabilstm\.(\w+)", file.read_text(), re.M)) - {name}
            assert taken <= set(listed[:place]), f"{file}: imports {taken - set(listed[:place])}"
