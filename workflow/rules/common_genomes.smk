# What the rules have in common that score every base of genomes: labels, models, tracks.


def get_fasta(wildcards):
    """The FASTA of a genome."""
    return get_path(GENOMES[wildcards.genome]["fasta"])


def get_label_inputs(wildcards):
    """The codes and the files of regions that the labels are made of, the regions in the order of the tasks."""
    alias = GENOMES[TRAINING["genome"]].get("alias")
    return {
        "codes": f"<results>/{TRAINING['genome']}/codes",
        "regions": [get_path(label["path"]) for label in TRAINING["labels"].values()],
        "exclude": [get_path(path) for path in TRAINING.get("exclude", [])],
        "alias": [get_path(alias)] if alias else [],
    }


def get_label_options(wildcards, input):
    """The tasks as options of `dnabilstm label`."""
    options = []
    for (task, label), path in zip(TRAINING["labels"].items(), input.regions):
        options += ["--labels", f"{task}={path}"]
        stranded = get_section("training", "model").get("strand") == "stranded"
        if strand := label.get("strand", "use" if stranded else ""):
            options += ["--strand", f"{task}={strand}"]
        if label.get("feature"):
            options += ["--feature", f"{task}={label['feature']}"]
        if label.get("promoter"):
            options += [
                "--promoter",
                f"{task}={label['promoter']['upstream']},{label['promoter']['downstream']}",
            ]
        if label.get("slop"):
            slop = label["slop"] if isinstance(label["slop"], list) else [label["slop"]]
            options += ["--slop", f"{task}={','.join(map(str, slop))}"]
    for name, paths in (("--exclude", input.exclude), ("--alias", input.alias)):
        for path in paths:
            options += [name, str(path)]
    if TRAINING.get("unknown_contigs"):
        options += ["--unknown-contigs", TRAINING["unknown_contigs"]]
    return options


def get_label_record(wildcards):
    """What the labels depend on beside their files."""
    left = [TRAINING.get(key) for key in ("labels", "exclude", "unknown_contigs")]
    return record(*left, get_section("training", "model").get("strand"))


def get_train_options(wildcards):
    """Split and settings as options of `dnabilstm train`."""
    return get_options(get_section("training", "split")) + get_all_assignments(wildcards)


def get_compared_models(wildcards):
    """The models that the model is compared with."""
    return [f"<results>/models/{name}/model.safetensors" for name in MODELS if name != wildcards.model]


def get_evaluate_options(wildcards, input):
    """Models to compare with, baselines, contigs and settings as options of `dnabilstm evaluate`."""
    options = []
    for name, path in zip(get_compared(), input.compared):
        options += ["--compare", f"{name}={path}"]
    if "kmer" in get_section("evaluate").get("baselines", []):
        options += ["--baseline", "kmer"]
    return options + get_options(get_section("evaluate"), skip=["baselines", "compare"])


def get_alike():
    """The models whose tracks are those of the model: all, or all ensembles."""
    return [name for name in MODELS if get_track_names(name) == TRACKS]


def get_tracks():
    """Tracks and regions of every genome; none of a model that tells classes of whole sequences."""
    files = expand("{channel}.{kind}", channel=TRACKS, kind=["bw", "bedgraph.gz"])
    files += expand("{channel}.regions.bed", channel=CHANNELS)
    return expand("<results>/{genome}/{model}/{file}", genome=GENOMES, model=config["model"], file=files)


def get_pages():
    """The web page of every genome, unless the configuration does without."""
    if OF_SEQUENCES or not get_section("browse").get("enabled", True):
        return []
    return expand("<results>/{genome}/{model}/browse", genome=GENOMES, model=config["model"])


def is_trained_on(genome):
    """Whether a genome has the labels and the split of the training."""
    return bool(TRAINING) and TRAINING["genome"] == genome


def get_page_labels(wildcards):
    """The labels of a genome, if it is the one that the model is trained on."""
    return ["<results>/models/{model}/labels"] if is_trained_on(wildcards.genome) else []


def get_page_split(wildcards):
    """Which parts of a genome were held out, if the model is trained on it."""
    return ["<results>/models/{model}/model.split.bed"] if is_trained_on(wildcards.genome) else []


def get_page_genes(wildcards):
    """The genes of a genome, and other names of its contigs, as far as the sheet has them."""
    row = GENOMES[wildcards.genome]
    return [get_path(row[key]) for key in ("genes", "alias") if row.get("genes") and row.get(key)]


def get_browse_options(wildcards, input):
    """What is shown beside the tracks, as options of `dnabilstm browse`."""
    flags = ["--genes", "--alias"][: len(input.genes)]
    given = [*zip(["--labels"], input.labels), *zip(["--split"], input.split), *zip(flags, input.genes)]
    # A genome may lack contigs of its annotation; those are named in the log.
    return [str(word) for pair in given for word in pair] + (["--unknown-contigs", "skip"] if flags else [])


def check_hub():
    """Refuse a hub of a genome that the sheet does not have."""
    for name in get_section("hub", "genomes"):
        if name not in GENOMES:
            known = ", ".join(GENOMES)
            raise WorkflowError(f"hub.genomes: {name!r} is not in {config['genomes']}, which has {known}")


def get_hub_inputs(wildcards):
    """What is shown of a genome beside its tracks: genes, and where a model is trained on it labels and split."""
    trained = is_trained_on(wildcards.genome)
    row = GENOMES[wildcards.genome]
    return {
        "labels": [f"<results>/models/{config['model']}/labels"] if trained else [],
        "split": [f"<results>/models/{wildcards.model}/model.split.bed"] if trained else [],
        **{key: [get_path(row[key])] if row.get(key) else [] for key in ("genes", "alias")},
    }


def get_hub_options(wildcards, input):
    """What is shown beside the tracks, and the settings of a genome's hub, as options of `dnabilstm hub`."""
    options = []
    for name in ("labels", "split", "genes", "alias"):
        options += [word for path in input.get(name, []) for word in (f"--{name}", str(path))]
    known = get_section("hub", "genomes").get(wildcards.genome) or {}
    return options + get_options({**get_section("hub"), **known}, skip=["genomes"])


def get_hubs():
    """The folders for other browsers, where the configuration has a section for them."""
    wanted = config.get("hub") is not None and not OF_SEQUENCES
    return expand("<results>/{genome}/{model}/hub", genome=GENOMES, model=config["model"]) if wanted else []


def get_evaluation():
    """The table of figures and the report, where a model is trained."""
    place = f"<results>/models/{config['model']}"
    return [f"{place}/evaluation/evaluation.tsv", f"{place}/report.html"] if TRAINING else []


def get_report_inputs(wildcards):
    """Genes of the genome that a model is trained on, and other names of its contigs, as far as the sheet has them."""
    row = GENOMES[TRAINING["genome"]]
    return {key: [get_path(row[key])] for key in ("genes", "alias") if row.get("genes") and row.get(key)}


def get_report_options(wildcards, input):
    """Genes, and what the jobs took, as options of `dnabilstm report`; it passes over what was not measured."""
    jobs = {
        "train": f"<benchmarks>/train/{wildcards.model}.tsv",
        "score": f"<benchmarks>/score/{TRAINING['genome']}.{wildcards.model}.tsv",
    }
    options = [
        word for job, path in jobs.items() for word in ("--benchmark", f"{job}={apply_pathvars(path)}")
    ]
    for name in ("genes", "alias"):
        options += [word for path in input.get(name, []) for word in (f"--{name}", str(path))]
    return options


def apply_pathvars(path):
    """A path of the workflow's own with its folders put in, which Snakemake does for inputs and outputs only."""
    return workflow.pathvars.apply(path)


def refresh_indexes(paths):
    """Make the indexes of tracks newer than the tracks: Snakemake has just given those the time of its own check.

    An index is no declared output, since it is .tbi, or .csi where a contig is too long for that; a reader of
    one that looks older than its file warns of it. What is in a bucket only is left alone.
    """
    for path in filter(Path.exists, map(Path, paths)):
        for index in (path.with_name(f"{path.name}{suffix}") for suffix in (".tbi", ".csi")):
            if index.exists() and index.stat().st_mtime < path.stat().st_mtime:
                index.touch()


def get_score_options():
    """Settings of `score` as options of the command."""
    return get_options(get_section("score"), skip=["shards", "cache"])


def get_cache_options(depth):
    """The cache of scores: a folder of the configuration, or one beside the scores, `depth` folders up."""
    cache = get_section("score").get("cache", True)
    if isinstance(cache, str):
        return ["--cache", str(expand_path(cache))]
    return lambda wildcards, output: (
        ["--cache", str(Path(output[0]).parents[depth] / "cache")] if cache else []
    )


def get_shards(wildcards):
    """The shards of a genome, and what lies beside each."""
    place = f"<results>/{wildcards.genome}/{wildcards.model}/shards"
    names = ["shard.json", "shard.f32", "nocall.bed"]
    return [
        f"{place}/{number}-of-{SHARDS_OF_SCORE}/{name}"
        for number in range(1, SHARDS_OF_SCORE + 1)
        for name in names
    ]


def get_plan_options(wildcards, input):
    """The genomes, and the model that is there or one of the size that it will have."""
    options = [word for name, path in zip(GENOMES, input.fastas) for word in ("--genome", f"{name}={path}")]
    if CARD:
        options += ["--model", str(expand_path(config["model_file"]))]
    else:
        model = config["model"]
        options += ["--tasks", ",".join(TRAINING["labels"]), "--members", str(get_members(model))]
        options += get_assignments(get_settings(model, "model"), "model")
    return options + get_score_options()


def get_explained_regions(wildcards):
    """The regions that are explained: those of the configuration, or those that were called."""
    regions = get_section("explain").get("regions")
    return get_path(regions) if regions else "<results>/{genome}/{model}/{channel}.regions.bed"


def get_known_motifs(wildcards):
    """The motifs that found ones are compared with, where there are any."""
    motifs = get_section("explain").get("motifs")
    return [get_path(motifs)] if motifs else []


def get_explain_options(wildcards, input):
    """Settings of `explain` as options of the command."""
    options = [word for path in input.motifs for word in ("--motifs", str(path))]
    options += [word for path in input.labels for word in ("--labels", str(path))]
    return options + get_options(get_section("explain"), skip=["regions", "motifs"])


def get_explanations():
    """The explanations of each channel, on the genome of the training, or on every genome of a model that is there."""
    genomes = [TRAINING["genome"]] if TRAINING else GENOMES
    place = "<results>/{genome}/{model}/explain/{channel}/explain.json"
    return expand(place, genome=genomes, model=config["model"], channel=CHANNELS)


check_hub()
SHARDS_OF_SCORE = get_section("score").get("shards") or 1
