# What the rules of whole sequences have in common: files of sequences, by class, as options.

# The parts of the data, each with its key under `classifier`, and its option.
PARTS = {"train": "sequences", "valid": "valid", "test": "test"}
FLAGS = {"train": "--sequences", "valid": "--valid-sequences", "test": "--test-sequences"}
# Of `classifier` and of each set to classify: how files are read.
READING = ["genome", "width", "feature", "alias", "unknown_contigs", "columns"]
# Names of files of regions, as `dnabilstm` knows them.
REGIONS = re.compile(r"\.(bed|narrowpeak|broadpeak|gappedpeak|gff|gff3|gtf)(\.b?gz)?$", re.IGNORECASE)
# The class that `dnabilstm negatives` makes.
NEGATIVE = "negative"


def get_classifier():
    """The section `classifier`, without the parts that are left out."""
    return {key: value for key, value in get_section("classifier").items() if value is not None}


def get_sets():
    """The sets of sequences to classify: name to a section, in which what is left out is as in `classifier`."""
    shared = {key: CLASSIFIER[key] for key in READING if key in CLASSIFIER}
    sets = {}
    for name, given in get_section("classify").items():
        if given is not None:
            own = given if isinstance(given, dict) else {"sequences": given}
            sets[name] = {**shared, **{key: value for key, value in own.items() if value is not None}}
    return sets


def check_sequences():
    """What a schema cannot say of classes, negatives and sets."""
    problems = []
    for part, key in PARTS.items():
        given = CLASSIFIER.get(key)
        alone = isinstance(given, dict) and len(given) == 1 and not makes_negatives(part)
        if alone and part != "test":
            problems.append(f"classifier.{key}: one class only; wanted two or more, or 'negatives'")
    if "negatives" in CLASSIFIER and not makes_negatives("train"):
        problems.append(
            f"classifier.negatives: wanted 'sequences' by class, none of them called {NEGATIVE!r}: what they are made after"
        )
    for name in SETS:
        if name in GENOMES or name == "models":
            problems.append(
                f"classify.{name}: the name is taken; wanted another than 'models' and the genomes'"
            )
    if OF_SEQUENCES and not CLASSIFIER and not SETS:
        problems.append("model_file: tells classes of whole sequences; wanted 'classify': the sequences")
    if SETS and not OF_SEQUENCES:
        problems.append(
            "classify: wanted 'classifier', or a model_file that tells classes; this model scores bases"
        )
    if not OF_SEQUENCES and not GENOMES:
        problems.append("wanted 'genomes': what the model is to score")
    if problems:
        raise WorkflowError("The configuration: " + "; ".join(problems))


def makes_negatives(part):
    """Whether negatives are made for a part: it is given by class, and has none."""
    given = CLASSIFIER.get(PARTS[part])
    return "negatives" in CLASSIFIER and isinstance(given, dict) and NEGATIVE not in given


def makes_windows():
    """Whether negatives are windows of the genome, which have places."""
    kind = get_section("classifier", "negatives").get("kind")
    return kind in ("random", "gc") and bool(CLASSIFIER.get("genome"))


def get_negatives(model, part):
    """The negatives of a part."""
    suffix = "bed" if makes_windows() else "fa"
    return f"<results>/models/{model}/negatives/{part}.{suffix}"


def list_files(given):
    """Class (empty where the file has the classes) and path of each file of a part."""
    if isinstance(given, dict):
        return [(name, get_path(path)) for name, paths in given.items() for path in paths]
    return [("", get_path(path)) for path in given]


def list_given(part):
    """The same of the files that are given for a part; none where it is left out."""
    return list_files(CLASSIFIER.get(PARTS[part], []))


def list_part(model, part):
    """The same with the negatives that are made for the part."""
    return list_given(part) + ([(NEGATIVE, get_negatives(model, part))] if makes_negatives(part) else [])


def get_reading_inputs(section):
    """The genome and the table of names that files of sequences are read with."""
    genome = section.get("genome")
    alias = section.get("alias") or GENOMES.get(genome, {}).get("alias")
    known = f"<results>/{genome}/codes" if genome in GENOMES else get_path(genome) if genome else []
    return {"genome": known, "alias": get_path(alias) if alias else []}


def get_reading_options(section, input):
    """How files are read, as options that all commands on sequences have."""
    options = ["--genome", str(input.genome)] if input.genome else []
    options += ["--alias", str(input.alias)] if input.alias else []
    options += get_options({key: section.get(key) for key in ("width", "unknown_contigs")})
    for name, feature in (section.get("feature") or {}).items():
        options += ["--feature", f"{name}={feature}"]
    columns = {f"{name}_column": column for name, column in (section.get("columns") or {}).items() if column}
    return options + get_options(columns)


def get_file_options(flag, classes, paths):
    """Files, each with its class, as options."""
    named = [f"{name}={path}" if name else str(path) for name, path in zip(classes, paths)]
    return [word for file in named for word in (flag, file)]


def get_negatives_inputs(wildcards):
    """What negatives are made after, and what windows of the genome keep away from: all other parts too."""
    away = [get_path(path) for path in get_section("classifier", "negatives").get("exclude", [])]
    parts = list(PARTS)
    for other in parts if makes_windows() else []:
        if other != wildcards.part:
            away += [path for _, path in list_given(other) if REGIONS.search(path)]
        # One after another, so that no two parts have a window in common.
        if parts.index(other) < parts.index(wildcards.part) and makes_negatives(other):
            away.append(get_negatives(wildcards.model, other))
    files = [path for _, path in list_given(wildcards.part)]
    return {"sequences": files, "exclude": away, **get_reading_inputs(CLASSIFIER)}


def get_negatives_options(wildcards, input):
    """The positives and the settings as options of `dnabilstm negatives`; each part has a seed of its own."""
    settings = get_section("classifier", "negatives")
    seed = settings.get("seed", 0) + list(PARTS).index(wildcards.part)
    classes = [name for name, _ in list_given(wildcards.part)]
    options = get_file_options("--sequences", classes, input.sequences)
    for path in input.exclude:
        options += ["--exclude", str(path)]
    options += get_reading_options(CLASSIFIER, input)
    return options + get_options({**settings, "seed": seed}, skip=["exclude"])


def get_classifier_inputs(wildcards):
    """The files of all parts, negatives among them, and how they are read."""
    files = {part: [path for _, path in list_part(wildcards.model, part)] for part in PARTS}
    return {**files, **get_reading_inputs(CLASSIFIER)}


def get_classifier_options(wildcards, input):
    """Sequences and settings as options of `dnabilstm train`."""
    options = []
    for part, flag in FLAGS.items():
        classes = [name for name, _ in list_part(wildcards.model, part)]
        options += get_file_options(flag, classes, input[part])
    return options + get_reading_options(CLASSIFIER, input) + get_all_assignments(wildcards)


def get_seen(model, name):
    """Class and path of each file that the model was trained on, where those are read as this set is."""
    given = {key: SETS[name].get(key) for key in READING}
    if given != {key: CLASSIFIER.get(key) for key in READING}:
        return []
    return [file for part in ("train", "valid") for file in list_part(model, part)]


def get_classify_inputs(wildcards):
    """A set of sequences, what the model has seen, and how both are read."""
    section = SETS[wildcards.set]
    seen = get_seen(wildcards.model, wildcards.set) if CLASSIFIER else []
    files = [path for _, path in list_files(section["sequences"])]
    return {"sequences": files, "seen": [path for _, path in seen], **get_reading_inputs(section)}


def get_classify_options(wildcards, input):
    """A set of sequences, and what the model has seen, as options of `dnabilstm classify`."""
    section = SETS[wildcards.set]
    classes = [name for name, _ in list_files(section["sequences"])]
    seen = [name for name, _ in get_seen(wildcards.model, wildcards.set)] if input.seen else []
    options = get_file_options("--sequences", classes, input.sequences)
    options += get_file_options("--against", seen, input.seen)
    return options + get_reading_options(section, input)


def get_classify_record(wildcards):
    """What the classes of a set depend on beside its files and the model."""
    return record(SETS[wildcards.set])


def get_tested(kind):
    """The held-out sequences (tsv), or their figures (json), where there are any."""
    return [f"<results>/models/{{model}}/model.test.{kind}"] if "test" in CLASSIFIER else []


def get_classes():
    """The model that tells classes, its audit and figures, and the classes of every set."""
    trained = ["model.safetensors", "model.audit/audit.png", "model.learning_curve.png"] if CLASSIFIER else []
    folder = f"<results>/models/{config['model']}"
    sets = expand(
        "<results>/{set}/{model}/classes.{kind}", set=SETS, model=config["model"], kind=["tsv", "json"]
    )
    tested = expand(get_tested("tsv") + get_tested("json"), model=config["model"])
    return [f"{folder}/{name}" for name in trained] + tested + sets


CLASSIFIER = get_classifier()
SETS = get_sets()
check_sequences()
