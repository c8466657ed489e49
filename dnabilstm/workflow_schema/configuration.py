"""What a workflow's configuration may say.

The sections ``model``, ``train``, ``score``, ``tracks``, ``call``, ``hub``, ``evaluate`` and ``explain`` have the
fields of the dataclasses that the commands use, so a setting is described, typed and bounded in one place. No
default stands in the schemas: what a configuration leaves out is left to the command.
"""

from dataclasses import fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from dnabilstm.browse.options import HubConfig
from dnabilstm.evaluate.config import EvaluateConfig
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.intervals import UNKNOWN
from dnabilstm.labels import STRAND, TASK_NAME
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.negatives.config import NegativesConfig
from dnabilstm.score.config import ScoreConfig
from dnabilstm.tracks.options import CallConfig, TrackConfig
from dnabilstm.train.config import SequenceTrainConfig, TrainConfig

BASELINES = ("kmer", "untied", "unidirectional")
FILE_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$"
CLASS_NAME = r"^[^=/\s]([^=/]*[^=/\s])?$"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _settings(kind: type, *, without: tuple[str, ...] = (), more: dict[str, Any] | None = None) -> Any:
    """A section with the fields of a configuration dataclass, all of them optional."""
    hints = get_type_hints(kind, include_extras=True)
    kept = {f.name: (hints[f.name], None) for f in fields(kind) if f.name not in without}
    return create_model(kind.__name__, __base__=_Section, __doc__=kind.__doc__, **kept, **(more or {}))


# The tasks come from the labels, the head from what is learned, the workers from a rule's threads.
ModelSettings = _settings(BiLSTMConfig, without=("tasks", "head"))
TrainSettings = _settings(TrainConfig)
SequenceTrainSettings = _settings(SequenceTrainConfig)
ScoreSettings = _settings(
    ScoreConfig,
    without=("workers",),
    more={
        "shards": (
            Annotated[int, Field(ge=1, description="Jobs that share the scoring of each genome.")] | None,
            None,
        ),
        "cache": (
            bool | str | None,
            Field(
                None,
                description="Folder in which scores of contigs are found again; true: <results>/cache, false: none.",
            ),
        ),
    },
)
TrackSettings = _settings(TrackConfig, without=("workers",))
CallSettings = _settings(CallConfig)

ExplainSettings = _settings(
    ExplainConfig,
    without=("channels",),
    more={
        "regions": (
            str,
            Field("", description="BED or narrowPeak of what is explained. [default: the regions called]"),
        ),
        "motifs": (str, Field("", description="Known motifs to compare with: MEME text.")),
    },
)


class Comparison(_Section):
    """A model that is trained too: these settings put over those of `training`."""

    model: ModelSettings | None = Field(None, description="Settings of its network that differ.")
    train: TrainSettings | None = Field(None, description="Settings of its training run that differ.")


EvaluateSettings = _settings(
    EvaluateConfig,
    more={
        "baselines": (
            Annotated[
                list[Literal[BASELINES]],
                Field(
                    description="What the model is compared with. kmer: logistic regression on k-mers; untied and "
                    "unidirectional: the same network without strand symmetry, and reading one way only."
                ),
            ],
            [],
        ),
        "compare": (
            Annotated[
                dict[Annotated[str, Field(pattern=FILE_NAME)], Comparison | None],
                Field(
                    description="Further models by name, each trained on the same data with other settings and "
                    "judged beside the model; null leaves out one of an earlier configuration file."
                ),
            ],
            {},
        ),
        "contigs": (
            Annotated[
                list[str] | None,
                Field(description="Contigs to evaluate on. [default: the test part of the split]"),
            ],
            None,
        ),
    },
)


class Promoter(_Section):
    """Instead of each region, the bases around its 5' end."""

    upstream: int = Field(ge=0, description="Bases upstream of the 5' end.")
    downstream: int = Field(ge=0, description="Bases downstream of the 5' end.")


class Label(_Section):
    """The regions of one task."""

    path: str = Field(description="BED, narrowPeak, broadPeak or GFF3, gzipped or not.")
    strand: Literal[STRAND] = Field(STRAND[0], description="use: a channel for each strand.")
    feature: str = Field("", description="GFF3: the feature type, column 3.")
    promoter: Promoter = Field(None, description="Instead of each region, the bases around its 5' end.")
    slop: Annotated[list[int], Field(min_length=2, max_length=2)] | int = Field(
        0, description="Bases to add on both sides, or a list of two: upstream and downstream."
    )


class Split(_Section):
    """Which contigs are held out; what is left out is chosen."""

    test: list[str] | None = Field(
        None, description="Held out for evaluation: contigs, or parts of them as chr4:0-200000."
    )
    valid: list[str] | None = Field(None, description="For early stopping and calibration, in the same form.")


class Training(_Section):
    """The data and the settings of the model that is trained."""

    genome: str = Field(description="The genome it is trained on: a name of the genomes sheet.")
    labels: dict[Annotated[str, Field(pattern=f"^{TASK_NAME.pattern}$")], Label | None] = Field(
        min_length=1,
        description="The tasks, by name; null leaves out a task of an earlier configuration file.",
    )
    exclude: list[str] = Field([], description="Files of regions that no task is judged on.")
    unknown_contigs: Literal[UNKNOWN] = Field(
        UNKNOWN[0], description="Regions outside the genome: an error, or left out, counted and named."
    )
    split: Split | None = Field(None, description="Which contigs are held out.")
    model: ModelSettings | None = Field(None, description="Settings of the network.")
    train: TrainSettings | None = Field(None, description="Settings of the training run.")


_Files = Annotated[list[str], Field(min_length=1)]
_Classes = Annotated[dict[Annotated[str, Field(pattern=CLASS_NAME)], _Files], Field(min_length=1)]
_FORMS = (
    "By class, each with a list of files (FASTA, or regions of `genome`: BED, narrowPeak, GFF3), or a list of "
    "tables (csv, tsv) with a column of classes; gzipped or not."
)


class Columns(_Section):
    """Columns of tables."""

    sequence: str = Field("", description="The column that has the sequences.")
    label: str = Field("", description="That with the classes.")
    name: str = Field("", description="That with the names.")


class Reading(_Section):
    """How files of sequences are read."""

    genome: str = Field("", description="Where regions lie: a FASTA, or a name of the genomes sheet.")
    width: int | None = Field(None, ge=1, description="Bases to take about the centre of each region.")
    feature: dict[Annotated[str, Field(pattern=CLASS_NAME)], str] | None = Field(
        None, description="GFF3: the feature type, column 3, of the files of a class."
    )
    alias: str = Field("", description="Other names of the contigs: a table like UCSC's chromAlias.")
    unknown_contigs: Literal[UNKNOWN] = Field(
        UNKNOWN[0], description="Regions outside the genome: an error, or left out, counted and named."
    )
    columns: Columns | None = Field(None, description="Which columns of tables are read.")


NegativesSettings = _settings(
    NegativesConfig,
    more={
        "exclude": (
            Annotated[
                list[str],
                Field(description="Windows of the genome: files of regions that they keep away from."),
            ],
            [],
        )
    },
)


class Classifier(Reading):
    """The sequences and the settings of a model that tells classes of whole sequences."""

    sequences: _Classes | _Files = Field(description=f"What it is trained on. {_FORMS}")
    valid: _Classes | _Files | None = Field(
        None, description="For early stopping and calibration, in the same forms; or else a tenth is chosen."
    )
    test: _Classes | _Files | None = Field(None, description="Held out for the figures, in the same forms.")
    negatives: NegativesSettings | None = Field(
        None, description="Makes negatives after the sequences of each part that has none: one more class."
    )
    model: ModelSettings | None = Field(None, description="Settings of the network.")
    train: SequenceTrainSettings | None = Field(None, description="Settings of the training run.")


class SequencesToClassify(Reading):
    """Sequences whose classes are to be told; what is left out is as in `classifier`."""

    sequences: _Classes | _Files = Field(description=f"{_FORMS} Classes, where known, give figures.")


HubOfGenome = _settings(HubConfig, without=("email",))


class Hub(_Section):
    """Folders that other genome browsers open, one of each genome: present where they are wanted."""

    email: Annotated[str, *get_type_hints(HubConfig, include_extras=True)["email"].__metadata__] = ""
    genomes: dict[Annotated[str, Field(pattern=FILE_NAME)], HubOfGenome | None] = Field(
        {}, description="What is known of a genome of the sheet beside its bases, by its name."
    )


class Demo(_Section):
    """The built-in genome, written to <resources>/demo."""

    bases: int | None = Field(None, ge=1, description="Bases of all contigs together.")
    seed: int | None = Field(None, ge=0, description="The same seed, the same genome.")


class Download(_Section):
    """A file that is fetched and checked."""

    local: str = Field("", description="Where it lies under $DNABILSTM_DATA, which is looked at first.")
    url: str = Field("", pattern="^(https|http|file)://", description="Its public address, if it has one.")
    sha256: str = Field("", pattern="^[0-9a-f]{64}$", description="SHA-256 of the file, once unpacked.")
    contigs: dict[
        Annotated[str, Field(pattern=r"^\S+$")], Annotated[str, Field(pattern="^SQ\\.[A-Za-z0-9_-]{32}$")]
    ] = Field(
        {},
        description="Of a FASTA: the contigs to keep, each with the GA4GH refget digest that finds it, "
        "whatever its name there.",
    )
    without: str = Field("", description="What to do where the file cannot be had, for the error message.")


class Browse(_Section):
    """The web page of every genome."""

    enabled: bool = Field(True, description="Whether there is one: <results>/<genome>/<model>/browse.")


class Pathvars(_Section):
    """Folders that the workflow writes to; relative to where it is run."""

    results: str = Field("", description="Models, scores and tracks.")
    resources: str = Field("", description="The demo genome and downloads.")
    logs: str = Field("", description="What the commands said.")
    benchmarks: str = Field("", description="Time and memory of training and scoring.")


class Configuration(_Section):
    """Configuration of the dnabilstm workflow; config/README.md explains it."""

    model: str = Field(pattern=FILE_NAME, description="The model's name, used in paths.")
    genomes: str = Field(
        "", description="Sheet of the genomes to score: a TSV with name, fasta, alias, genes."
    )
    training: Training | None = Field(
        None, description="How a model that scores every base is trained; or else classifier, or model_file."
    )
    classifier: Classifier | None = Field(
        None, description="How a model that tells classes of whole sequences is trained."
    )
    model_file: str = Field("", description="A model that is there already, instead of training one.")
    classify: dict[Annotated[str, Field(pattern=FILE_NAME)], SequencesToClassify | _Files | None] | None = (
        Field(
            None,
            description="Sets of sequences to classify, by name: a list of files, or a section that says more.",
        )
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where models train and score.")
    score: ScoreSettings | None = Field(None, description="How genomes are scored.")
    tracks: TrackSettings | None = Field(None, description="How tracks are written.")
    call: CallSettings | None = Field(None, description="How regions are called.")
    browse: Browse | None = Field(None, description="The web page of every genome.")
    hub: Hub | None = Field(
        None,
        description="Folders for UCSC's browser, IGV desktop and JBrowse 2: present where they are wanted.",
    )
    evaluate: EvaluateSettings | None = Field(None, description="How the model is judged.")
    explain: ExplainSettings | None = Field(
        None, description="What is explained, and how: snakemake explain."
    )
    demo: Demo | None = Field(None, description="The built-in genome: present where it is wanted.")
    download: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$")], Download] | None = Field(
        None, description="Files to fetch to <resources>/, by the name they get there."
    )
    pathvars: Pathvars | None = Field(None, description="Folders that the workflow writes to.")


class GenomeRow(_Section):
    """One genome of the sheet."""

    # results/models/ holds the models, so no genome can have that name.
    name: str = Field(
        pattern=FILE_NAME,
        json_schema_extra={"not": {"const": "models"}},
        description="Its name, used in paths; any but 'models'.",
    )
    fasta: str = Field(min_length=1, description="Its FASTA, gzipped or not.")
    alias: str = Field("", description="Other names of its contigs: a table like UCSC's chromAlias.")
    genes: str = Field("", description="Its genes, GFF3 or BED, to be shown beside its tracks.")


SCHEMAS = {"config": Configuration, "genomes": GenomeRow}
"""Schema file (``NAME.schema.json``) to the model it is written from."""
