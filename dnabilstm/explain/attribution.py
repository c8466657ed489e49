"""What each base of a locus adds to the objective, by mutagenesis or gradients, for any model."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dnabilstm.alphabet import ONE_HOT, N
from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.carried import Carried, prepare
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.gradients import Given, Integrated, integrate, of_part, of_whole
from dnabilstm.explain.loci import Locus
from dnabilstm.explain.mutagenesis import OfWords, Scorer, Whole, mutate, settle
from dnabilstm.explain.objective import objectives_of
from dnabilstm.explain.select import Choice
from dnabilstm.model.bundle import Model
from dnabilstm.model.ensemble import members_of

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Attribution:
    """What is known of one locus.

    Attributes
    ----------
    choice : Choice
        The locus and its region.
    hypothetical : numpy.ndarray
        float32 (bases, 4, channels), in log-odds: what A, C, G, T would add at each place, with mean 0 over
        the four; 0 at N.
    """

    choice: Choice
    hypothetical: np.ndarray

    @property
    def one_hot(self) -> np.ndarray:
        """Of the bases that are there, float32 (bases, 4); 0 at N."""
        codes = self.choice.codes
        return ONE_HOT[codes] * (codes != N)[:, None]

    @property
    def own(self) -> np.ndarray:
        """Attributions of the bases that are there, float32 (bases, channels)."""
        return np.einsum("bic,bi->bc", self.hypothetical, self.one_hot)


class Explainer:
    """A model made ready to explain loci.

    Parameters
    ----------
    model
        Its network in evaluation mode, on the device where it is to run.
    workers
        Threads that compute side by side.
    tolerance
        Largest error of mutagenesis in log-odds; see ``settle``.
    """

    def __init__(self, model: Model, workers: int = 1, tolerance: float = ExplainConfig.tolerance) -> None:
        self.model, self.workers, self.tolerance = model, workers, tolerance
        self.networks = members_of(model.network)
        self.objectives = objectives_of(model)
        self.directions = [prepare(network) for network in self.networks]

    def scorers(self, choice: Choice) -> list[Scorer]:
        """A scorer of the locus for each member of the model."""
        codes, weights = choice.locus.codes, choice.weights
        members = zip(self.networks, self.directions, self.objectives, strict=True)
        found: list[Scorer] = []
        for network, directions, objective in members:
            if directions is None:
                found.append(Whole(network, codes, weights, objective))
            else:
                found.append(Carried(network, directions, codes, weights, objective))
                settle(found[-1], codes, choice.locus.inside, self.tolerance)
        return found

    def mutagenesis(self, choice: Choice, progress: Progress | None = None) -> Attribution:
        """In-silico mutagenesis: changes of the objective, centred on the mean of the four bases."""
        locus = choice.locus
        scorers = self.scorers(choice)
        changes = np.mean(
            [mutate(one, locus.codes, locus.inside, workers=self.workers) for one in scorers], axis=0
        )
        if progress:
            progress(len(locus))
        return Attribution(choice, changes - changes.mean(axis=1, keepdims=True))

    def gradients(self, choice: Choice, progress: Progress | None = None) -> tuple[Attribution, Integrated]:
        """Integrated gradients from a baseline of a quarter of each base.

        The baseline was chosen by what agrees best with mutagenesis. It is the code N, so that an N
        adds nothing, and hypothetical values have mean 0 as those of mutagenesis have. Whether a word is there has
        no gradient: what gapped k-mers add comes from their own mutagenesis, and is not among the differences.
        """
        locus = choice.locus
        baseline = np.full((1, len(locus), 4), 0.25, np.float32)
        parts = []
        for network, scorer in zip(self.networks, self.scorers(choice), strict=True):
            with Given(network) as given:
                if isinstance(scorer, Carried):
                    value, bases = of_part(scorer, given, locus.inside)
                else:
                    value, bases = of_whole(scorer, given, locus.codes)
                part = integrate(value, bases, locus.codes, locus.inside, baseline)
            parts.append(replace(part, hypothetical=part.hypothetical + self._of_words(scorer, locus)))
        whole = Integrated(
            np.mean([part.hypothetical for part in parts], axis=0),
            np.mean([part.difference for part in parts], axis=0),
            np.mean([part.gap for part in parts], axis=0),
            max(part.steps for part in parts),
        )
        if progress:
            progress(len(locus))
        return Attribution(choice, whole.hypothetical), whole

    def _of_words(self, scorer: Scorer, locus: Locus) -> np.ndarray | float:
        """What gapped k-mers add to hypothetical values; 0 of a network without."""
        if not isinstance(scorer, Carried) or scorer.network.gapped is None:
            return 0.0
        changes = mutate(OfWords(scorer), locus.codes, locus.inside, workers=self.workers)
        return changes - changes.mean(axis=1, keepdims=True)

    def explain(self, choice: Choice, method: str, progress: Progress | None = None) -> Attribution:
        """By one of ``METHODS``."""
        return METHODS[method](self, choice, progress)


METHODS: dict[str, Callable[[Explainer, Choice, Progress | None], Attribution]] = {
    "mutagenesis": Explainer.mutagenesis,
    "gradients": lambda explainer, choice, progress: explainer.gradients(choice, progress)[0],
}


def columns_of(model: Model, wanted: tuple[str, ...]) -> list[int]:
    """The outputs that are to be explained, as places among ``model.channels``; all where none are named."""
    unknown = [name for name in wanted if name not in model.channels]
    if unknown:
        raise DnabilstmError(
            f"--channels {','.join(unknown)}: the model has {', '.join(model.channels)}; wanted one of these"
        )
    return [model.channels.index(name) for name in dict.fromkeys(wanted or model.channels)]
