# What the rules have in common: the configuration, checked, and what it means in paths and options.
import csv
import json
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

# Figures and pictures of `dnabilstm evaluate`.
PICTURES = ["pr", "roc", "reliability", "distribution"]
# Ready-made entries of `evaluate.compare`, asked for under `evaluate.baselines`.
BASELINES = {
    "untied": {"model": {"strand": "none"}},
    "unidirectional": {"model": {"strand": "none", "bidirectional": False}},
}
# Where a model comes from: it is trained, in one way or the other, or there already.
SOURCES = ["training", "classifier", "model_file"]
# The keys of the configuration that have paths in them.
WITH_PATHS = ["genomes", *SOURCES, "classify", "hub"]
# What `dnabilstm evaluate` calls the model itself, and the baseline that is no network.
TAKEN = ["model", "kmer"]
# Cores of a training job, where train.shards does not say; as in TrainConfig.
SHARDS = 2
# Asked for the training of one network, and for scoring with one; only a cluster holds a job to it.
TRAIN_MINUTES = 240
SCORE_MINUTES = 120


def get_section(*names):
    """A section of the configuration; empty where it is left out."""
    section = config
    for name in names:
        section = section.get(name) or {}
    return section


def check_schema(value, schema, where):
    """Hold a value to a schema; the error is one line: where, which key, what is wrong."""
    try:
        validate(value, schema)
    except WorkflowError as error:
        # Snakemake's own text has the schema in it, page after page.
        cause = error.__context__
        if cause is None or not hasattr(cause, "json_path"):
            raise
        # Where a value may be of several kinds: what is wrong with it as the kind that it is like.
        while cause.context:
            cause = max(cause.context, key=rate_problem)
        key = cause.json_path.removeprefix("$").removeprefix(".")
        place = f"{where}: {key}" if key else where
        raise WorkflowError(f"{place}: {cause.message}") from None


def rate_problem(error):
    """How much a problem tells: one inside a value more than one with its kind, and a key that is unknown most."""
    return len(error.path), error.validator != "type", error.validator == "additionalProperties"


def check_config():
    """Hold the configuration to its schema, and to what a schema cannot say."""
    name_keys(config, "The configuration")
    check_schema(config, "../schemas/config.schema.json", "The configuration")
    problems = find_unset_variables(config)
    if sum(bool(config.get(key)) for key in SOURCES) != 1:
        problems.append(f"wanted one of {', '.join(map(repr, SOURCES))}, and one only")
    elif config.get("training") and not config.get("genomes"):
        problems.append("wanted 'genomes', the sheet in which training.genome is named")
    for name, entry in get_section("download").items():
        if bool(entry.get("sha256")) == bool(entry.get("contigs")):
            problems.append(f"download.{name}: wanted either 'sha256' or 'contigs', one of them")
    problems += find_wrong_comparisons()
    if problems:
        raise WorkflowError("The configuration: " + "; ".join(problems))


def name_keys(node, where):
    """Make text of keys that are numbers, such as classes called 0 and 1; refuse what YAML takes for anything else."""
    if isinstance(node, list):
        for inner in node:
            name_keys(inner, where)
    if not isinstance(node, dict):
        return
    for key in list(node):
        if type(key) is int:
            node[str(key)] = node.pop(key)
        elif not isinstance(key, str):
            raise WorkflowError(f"{where}: the key {key!r} is no text; put it between quotes")
    for key, inner in node.items():
        name_keys(inner, where)


def find_unset_variables(node, place=""):
    """Variables in paths that nobody has set."""
    if isinstance(node, dict):
        inside = [(f"{place}.{key}" if place else key, inner) for key, inner in node.items()]
        wanted = inside if place else [(key, inner) for key, inner in inside if key in WITH_PATHS]
        return [problem for key, inner in wanted for problem in find_unset_variables(inner, key)]
    if isinstance(node, list):
        return [problem for inner in node for problem in find_unset_variables(inner, place)]
    left = os.path.expandvars(node) if isinstance(node, str) else ""
    return [
        f"{place}: {node}: the variable {name} is not set; set it, or write the path out"
        for name in re.findall(r"\$\{?(\w+)", left)
    ]


def find_wrong_comparisons():
    """What cannot be compared: a name that is taken, and other channels than the model's."""
    ready = [name for name in get_section("evaluate").get("baselines", []) if name in BASELINES]
    own = [name for name, settings in get_section("evaluate", "compare").items() if settings is not None]
    problems = [f"evaluate.compare.{name}: the name is taken" for name in own if name in ready + TAKEN]
    stranded = get_section("training", "model").get("strand") == "stranded"
    for name, settings in get_compared().items():
        strand = {**get_section("training", "model"), **(settings.get("model") or {})}.get("strand")
        place = "baselines" if name in ready else "compare"
        if (strand == "stranded") != stranded:
            has = "has no score a strand" if stranded else "has a score a strand"
            problems.append(f"evaluate.{place}: {name} {has}, unlike the model")
    return problems


def get_compared():
    """What the model is compared with: name to the settings that go over the model's."""
    asked = get_section("evaluate").get("baselines", [])
    ready = {name: BASELINES[name] for name in asked if name in BASELINES}
    own = get_section("evaluate", "compare")
    return {**ready, **{name: settings for name, settings in own.items() if settings is not None}}


def read_genomes(sheet):
    """The sheet of genomes: name to its row."""
    try:
        lines = expand_path(sheet).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WorkflowError(f"{sheet}: the sheet of genomes cannot be read: {error}") from None
    rows = {}
    for number, row in enumerate(csv.DictReader(lines, delimiter="\t"), start=2):
        kept = {key: value.strip() for key, value in row.items() if key and value and value.strip()}
        if None in row:
            raise WorkflowError(
                f"{sheet}:{number}: has more columns than the first line; wanted tabs between them"
            )
        if not kept or row.get("name", "").startswith("#"):
            continue
        check_schema(kept, "../schemas/genomes.schema.json", f"{sheet}:{number}")
        if unset := find_unset_variables(
            [kept["fasta"], kept.get("alias", ""), kept.get("genes", "")], f"{sheet}:{number}"
        ):
            raise WorkflowError("; ".join(unset))
        if kept["name"] in rows:
            raise WorkflowError(f"{sheet}:{number}: the name {kept['name']!r} is there twice; rename one")
        rows[kept["name"]] = kept
    if not rows:
        raise WorkflowError(
            f"{sheet}: has no genome; wanted a line each under: name, fasta, alias, genes (tabs)"
        )
    return rows


def get_training():
    """The section `training`, with the tasks that are left after null took some out; None without."""
    if config.get("training") is None:
        return None
    labels = {task: label for task, label in config["training"]["labels"].items() if label is not None}
    if not labels:
        raise WorkflowError("training.labels: no task is left; wanted at least one")
    if config["training"]["genome"] not in GENOMES:
        known = ", ".join(GENOMES)
        raise WorkflowError(
            f"training.genome: {config['training']['genome']!r} is not in {config['genomes']}, which has {known}"
        )
    return {**config["training"], "labels": labels}


def get_models():
    """Every model by name: the model itself, and `<model>.<name>` for each that it is compared with."""
    compared = get_compared() if TRAINING else {}
    return {
        config["model"]: {},
        **{f"{config['model']}.{name}": settings for name, settings in compared.items()},
    }


def read_card():
    """The card of `model_file`; empty where a model is trained."""
    if not config.get("model_file"):
        return {}
    path = expand_path(config["model_file"])
    try:
        # https://github.com/huggingface/safetensors#format: length of the header, then the header as JSON.
        with path.open("rb") as handle:
            header = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))
        card = json.loads(header["__metadata__"]["dnabilstm"])
        return {
            "channels": list(card["channels"]),
            "head": card["config"].get("head", "position"),
            "members": len(card.get("members", [card])),
        }
    except OSError as error:
        raise WorkflowError(f"model_file: {path}: cannot be read: {error.strerror}") from None
    except (AttributeError, ValueError, KeyError, TypeError, MemoryError, OverflowError):
        raise WorkflowError(f"model_file: {path}: is not a model of 'dnabilstm train'") from None


def get_channels():
    """The probabilities that a model gives for every base: of its tasks, or of each task's strands."""
    if OF_SEQUENCES:
        return []
    if not TRAINING:
        return CARD["channels"]
    stranded = get_section("training", "model").get("strand") == "stranded"
    signs = [".plus", ".minus"] if stranded else [""]
    return [f"{task}{sign}" for task in TRAINING["labels"] for sign in signs]


def get_members(model):
    """How many networks a model consists of."""
    return CARD["members"] if CARD else count_members(get_settings(model, "train"))


def get_track_names(model):
    """The tracks of a model: its channels, and of an ensemble the spread of each."""
    spread = [f"{channel}.spread" for channel in CHANNELS] if get_members(model) > 1 else []
    return CHANNELS + spread


def get_score_minutes(wildcards, attempt):
    """Time for every member of an ensemble; more of it where that was too short."""
    return attempt * SCORE_MINUTES * get_members(wildcards.model)


def one_of(names):
    """A regular expression that fits these names and nothing else."""
    return "|".join(map(re.escape, names)) or "(?!)"


def expand_path(path):
    """A path with `~` and variables put in."""
    return Path(os.path.expanduser(os.path.expandvars(path)))


def get_path(path):
    """A path of the configuration as an input: the workflow's own (`<resources>/...`), or the user's.

    Where the workflow keeps its files in a bucket the user's are there too: jobs see nothing else.
    """
    if path.startswith("<"):
        return path
    place = str(expand_path(path))
    return place if workflow.storage_settings.default_storage_provider else local(place)


def get_options(settings, skip=()):
    """Settings as long options: a list as one word with commas, true as a flag."""
    options = []
    for name, value in settings.items():
        flag = f"--{name.replace('_', '-')}"
        if name in skip or value is None or value is False:
            continue
        if isinstance(value, list):
            value = ",".join(map(str, value))
        options += [flag] if value is True else [flag, str(value)]
    return options


def record(*settings):
    """What a job depends on, as a parameter of its own: Snakemake forgets those that are made of inputs."""
    return json.dumps(settings, sort_keys=True)


def get_settings(model, section):
    """Settings of the network or of the training run, those of a compared model put over them."""
    trained = "training" if TRAINING else "classifier"
    return {**get_section(trained, section), **(MODELS[model].get(section) or {})}


def get_assignments(settings, section):
    """Settings of the network or of the training run as options of `dnabilstm train`."""
    options = []
    for name, value in settings.items():
        text = value if isinstance(value, str) else json.dumps(value)
        options += ["--set", f"{section}.{name}={text}"]
    return options


def get_all_assignments(wildcards):
    """All settings of a model as options of `dnabilstm train`."""
    assignments = [get_assignments(get_settings(wildcards.model, name), name) for name in ("model", "train")]
    return sum(assignments, [])


def get_train_threads(wildcards):
    """A core for each shard of a batch."""
    return get_settings(wildcards.model, "train").get("shards", SHARDS)


def count_members(settings):
    """How many networks a model consists of."""
    return settings.get("folds") or settings.get("members", 1)


def get_train_minutes(wildcards):
    """Time for all members of an ensemble, which are trained one after another; the next attempt goes on from there."""
    return TRAIN_MINUTES * get_members(wildcards.model)


def grow(amount):
    """A resource that a job gets more of at each attempt, since the last one may have run out of it."""

    def get_amount(wildcards, attempt):
        return attempt * amount

    return get_amount


def get_gpus(wildcards):
    """The GPUs that a job asks for: one where the configuration insists on it, else none, and no word of it."""
    return 1 if config.get("device") == "cuda" else None


def get_model(wildcards):
    """The model that scores: one that is trained here, or the one that is there already, read above and so no bucket's."""
    if CARD:
        return local(str(expand_path(config["model_file"])))
    return f"<results>/models/{wildcards.model}/model.safetensors"


def get_fetch_options(wildcards):
    """A file of `download` as options of scripts/fetch.py."""
    entry = get_section("download")[wildcards.file]
    contigs = [("--contig", f"{name}={digest}") for name, digest in entry.get("contigs", {}).items()]
    options = get_options(entry, skip=["contigs"])
    return options + [word for pair in contigs for word in pair]


def print_results(paths):
    """Say where the results are, those of a genome together."""
    folders = {}
    for path in filter(Path.exists, map(Path, paths)):
        folders.setdefault(path.parent, []).append(path.name)
    if folders:
        print("\nResults:", file=sys.stderr)
    for folder, names in folders.items():
        print(f"  {folder}/", *(f"    {name}" for name in names), sep="\n", file=sys.stderr)


# `dnabilstm` is taken from the environment that is active; where none is, from the one that Snakemake runs in.
os.environ.update(PATH=os.pathsep.join([os.getenv("PATH", os.defpath), str(Path(sys.executable).parent)]))
check_config()
GENOMES = read_genomes(config["genomes"]) if config.get("genomes") else {}
TRAINING = get_training()
CARD = read_card()
# Whether the model tells classes of whole sequences, and gives no score for a base.
OF_SEQUENCES = bool(config.get("classifier")) or CARD.get("head") == "sequence"
MODELS = get_models()
CHANNELS = get_channels()
TRACKS = get_track_names(config["model"])
