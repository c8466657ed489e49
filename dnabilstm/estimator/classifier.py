"""The classifier of DNA sequences that scikit-learn can clone, search and cross-validate."""

import copy
import inspect
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from dnabilstm.errors import DnabilstmError
from dnabilstm.estimator.inputs import KINDS, labels_of, sequences_of, value_errors
from dnabilstm.estimator.settings import configs_of, descriptions, parameters_of
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.train.config import SequenceTrainConfig

if TYPE_CHECKING:
    from sklearn.utils import Tags

CARD_KEY = "estimator"
"""Under which a card has the labels as they were given, and the parameters of ``AS_GIVEN``."""
AS_GIVEN = ("validation_fraction", "aligned", "attention", "kmers", "strand")
"""Parameters that the network's and the training's settings in a card do not tell."""


@dataclass(kw_only=True, eq=False, repr=False)
class DNABiLSTMClassifier(ClassifierMixin, BaseEstimator):
    """A bidirectional LSTM over a pooled convolutional stem that tells classes of DNA sequences apart.

    Sequences may be of any lengths, of either case, with IUPAC codes. By default short trials
    decide whether the classes may depend on which strand of a sequence is given (``strand``), and, of
    sequences of one length, whether on what lies where (``aligned``).

    Parameters
    ----------
    validation_fraction
        Share of the sequences of each class that is held out for early stopping and calibration, drawn so
        that sequences that repeat each other are in one part. 0: the training sequences serve, which
        wants no second sequence of a class but makes probabilities too sure.
    random_state
        int, ``numpy.random.RandomState`` or None: seed of parts, weights, order and dropout. The same int
        gives the same model on the same machine.
    device
        ``auto``, ``cpu`` or ``cuda``.
    verbose
        Print a line an evaluation.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The labels of ``y``, ascending; the columns of ``predict_proba``.
    model_ : dnabilstm.model.bundle.Model
        Network and card.
    history_ : list of dict
        Loss and validation AUPRC, a row an evaluation; not in a file.

    Raises
    ------
    ValueError
        From every method, with a line for each thing that cannot be used.
    """

    architecture: str = BiLSTMConfig.architecture
    strand: str = BiLSTMConfig.strand
    cell: str = BiLSTMConfig.cell
    hidden: int = BiLSTMConfig.hidden
    layers: int = BiLSTMConfig.layers
    bidirectional: bool = BiLSTMConfig.bidirectional
    merge: str = BiLSTMConfig.merge
    norm: bool = BiLSTMConfig.norm
    residual: bool = BiLSTMConfig.residual
    dropout: float = BiLSTMConfig.dropout
    dropout_mask: str = BiLSTMConfig.dropout_mask
    filters: int = BiLSTMConfig.filters
    filter_width: int = BiLSTMConfig.filter_width
    pool: int = BiLSTMConfig.pool
    stem_layers: int = BiLSTMConfig.stem_layers
    stem_width: int = BiLSTMConfig.stem_width
    stem_residual: bool = BiLSTMConfig.stem_residual
    attention: str = BiLSTMConfig.attention
    attention_heads: int = BiLSTMConfig.attention_heads
    aligned: int | str = BiLSTMConfig.aligned
    aligned_width: int = BiLSTMConfig.aligned_width
    kmers: str = BiLSTMConfig.kmers
    options: dict[str, Any] | None = None
    batch: int = SequenceTrainConfig.batch
    shards: int = SequenceTrainConfig.shards
    learning_rate: float = SequenceTrainConfig.learning_rate
    warmup: int = SequenceTrainConfig.warmup
    weight_decay: float = SequenceTrainConfig.weight_decay
    clip: float = SequenceTrainConfig.clip
    average: float = SequenceTrainConfig.average
    label_smoothing: float = SequenceTrainConfig.label_smoothing
    focal: float = SequenceTrainConfig.focal
    mutation: float = SequenceTrainConfig.mutation
    reverse_complement: bool = SequenceTrainConfig.reverse_complement
    patience: int = SequenceTrainConfig.patience
    precision: str = SequenceTrainConfig.precision
    members: int = SequenceTrainConfig.members
    epochs: int = SequenceTrainConfig.epochs
    min_steps: int = SequenceTrainConfig.min_steps
    class_weight: str | None = SequenceTrainConfig.class_weight
    shift: int = SequenceTrainConfig.shift
    folds: int = SequenceTrainConfig.folds
    validation_fraction: float = 0.2
    random_state: int | np.random.RandomState | None = SequenceTrainConfig.seed
    device: str = "auto"
    verbose: bool = False

    def __sklearn_tags__(self) -> "Tags":
        """What scikit-learn is told of the estimator: it takes one-dimensional X of str."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, False
        tags.input_tags.string = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the classes of sequences.

        Parameters
        ----------
        X
            A list, array or Series of str; a list of Biopython ``SeqRecord``; or the path of a FASTA.
        y
            A label a sequence: str, int or bool.
        """
        from dnabilstm.estimator.training import train_classifier
        from dnabilstm.model.runtime import choose_device

        with value_errors():
            sequences = sequences_of(X)
            classes, labels = labels_of(y, len(sequences))
            sequences = replace(sequences, labels=labels, classes=tuple(map(str, classes.tolist())))
            network, plan = configs_of(vars(self), sequences.classes)
            device = choose_device(self.device)
            self.model_, self.history_ = train_classifier(
                sequences,
                network,
                plan,
                device,
                share=self.validation_fraction,
                verbose=bool(self.verbose),
            )
        self.classes_ = classes
        self.model_.card[CARD_KEY] = {
            "classes": classes.tolist(),
            "validation_fraction": float(self.validation_fraction),
            **{name: getattr(network, name) for name in AS_GIVEN if name != "validation_fraction"},
        }
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each sequence, (sequences,), of the type of ``y``."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities, float32 (sequences, classes), columns as in ``classes_``."""
        return self._predicted(X)[0]

    def predict_spread(self, X: Any) -> np.ndarray:
        """How far the members of an ensemble disagree: the standard deviation, shape of ``predict_proba``.

        Needs ``members`` or ``folds`` above 1.
        """
        _, spread = self._predicted(X)
        if spread is None:
            raise ValueError("the model is one network, which has no spread; fit with members=3, or folds=5")
        return spread

    def _predicted(self, X: Any) -> tuple[np.ndarray, np.ndarray | None]:
        check_is_fitted(self, "model_")
        from dnabilstm.model.runtime import choose_device
        from dnabilstm.score.sequences import class_probabilities

        with value_errors():
            sequences = sequences_of(X)
            self.model_.network.to(choose_device(self.device))
            found = class_probabilities(self.model_, sequences)
        # The classes of a file that another program trained may stand in another order.
        tasks = self.model_.network.config.tasks
        order = [tasks.index(str(label)) for label in self.classes_.tolist()]
        probabilities, spread = (None if rows is None else rows[:, order] for rows in found)
        return probabilities, spread

    def save(self, path: str | Path) -> None:
        """Write the model file (.safetensors), which ``dnabilstm classify`` reads too; nothing in it can run."""
        check_is_fitted(self, "model_")
        from dnabilstm.model.bundle import save_model

        if Path(path).suffix != ".safetensors":
            raise ValueError(f"{path}: wanted a name that ends in .safetensors")
        with value_errors():
            save_model(self.model_, Path(path))

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto") -> Self:
        """Read a model file of ``save`` or of ``dnabilstm train --sequences``; it predicts what it did there.

        The labels are of the type that ``fit`` was given; those of the command line are str. Parameters
        are what the file knows of them, so that a clone can be trained anew.
        """
        from dnabilstm.model.bundle import load_model

        with value_errors():
            model = load_model(Path(path))
            config = model.network.config
            if config.head != "sequence":
                raise DnabilstmError(f"{path}: scores the bases of genomes; wanted a classifier of sequences")
            known = _part_of(model.card, CARD_KEY)
            labels = known.get("classes", list(config.tasks))
            if not (
                isinstance(labels, list)
                and [str(label) for label in labels] == list(config.tasks)
                and {type(label) for label in labels} in KINDS
            ):
                raise DnabilstmError(f"{path}: its labels do not fit its classes; the file is damaged")
        first = model.card.get("members", [model.card])[0]
        parameters = parameters_of(config, _part_of(first, "train"))
        parameters |= {name: known[name] for name in AS_GIVEN if name in known}
        loaded = cls(**parameters, device=device)
        loaded.model_, loaded.history_, loaded.classes_ = model, [], np.unique(labels)
        return loaded

    def __getstate__(self) -> dict[str, Any]:
        """Attributes, with the network where every machine can read it."""
        state = super().__getstate__()
        if "model_" in state:
            model = copy.copy(self.model_)
            model.network = copy.deepcopy(model.network).cpu()
            state = {**state, "model_": model}
        return state


def _part_of(card: dict[str, Any], key: str) -> dict[str, Any]:
    """A part of a card, or nothing."""
    part = card.get(key, {})
    return part if isinstance(part, dict) else {}


def _describe(kind: type) -> None:
    """Add the settings to the docstring; their descriptions stand in the configurations."""
    lines = "".join(f"{name}\n    {text}\n" for name, text in descriptions())
    head, rule, rest = inspect.cleandoc(kind.__doc__).partition("----------\n")
    kind.__doc__ = f"{head}{rule}{lines}{rest}"


_describe(DNABiLSTMClassifier)
