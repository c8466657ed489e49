"""Calibrated log-odds of windows of any lengths, by the scoring engine: what ``score`` gives as a probability."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from dnabilstm.calibrate import sigmoid
from dnabilstm.explain.loci import Locus
from dnabilstm.explain.objective import Objective, objectives_of
from dnabilstm.model.bundle import Model
from dnabilstm.model.ensemble import members_of
from dnabilstm.model.runtime import device_of
from dnabilstm.score.sequences import batches_of, place
from dnabilstm.score.sweep import Program

ROWS = {"cpu": 64, "cuda": 1024}
"""Windows computed together, at most."""
MEMORY = {"cpu": 64 << 20, "cuda": 1 << 30}
"""Bytes of features that they may hold, about; one window at least is computed."""


class LogOdds:
    """A model made ready to say what windows score.

    Parameters
    ----------
    model
        Its network in evaluation mode, on the device where it is to run.
    workers
        Threads that compute side by side; the result does not depend on it.
    """

    def __init__(self, model: Model, workers: int = 1) -> None:
        self.config = model.network.config
        self.networks, self.objectives = members_of(model.network), objectives_of(model)
        self.device, self.workers = device_of(model.network), workers
        # A sequence head is not known to the engine; its networks run as they are.
        self.programs = [] if self.config.head == "sequence" else [Program(one) for one in self.networks]

    def of(self, windows: Sequence[np.ndarray], stretches: Sequence[slice]) -> list[np.ndarray]:
        """Log-odds of some bases of each window, each window a contig of its own.

        Parameters
        ----------
        windows
            uint8 (bins * pool,) each: whole bins, padding only where a contig's end lies in one.
        stretches
            Bases of each.

        Returns
        -------
        list of numpy.ndarray
            float32 (members, bases, channels) each. With a sequence head those of the whole window's
            classes, each against all others, once for every base.
        """
        found: list[np.ndarray] = [np.empty(0)] * len(windows)

        def run(rows: np.ndarray) -> None:
            """Fill in the windows of these indices, int64 (rows,), computed as one batch."""
            # Each thread computes alone.
            if self.device.type == "cpu":
                torch.set_num_threads(1)
            batch, lengths = place([windows[row] for row in rows], self.config.pool)
            codes = torch.from_numpy(batch).to(self.device)
            some = [stretches[row] for row in rows]
            for row, values in zip(rows, self._batch(codes, lengths, some), strict=True):
                found[row] = values

        lengths = np.array([len(window) for window in windows], np.int64)
        kind = self.device.type if self.device.type in ROWS else "cuda"
        batches = batches_of(lengths, ROWS[kind], MEMORY[kind] // self._bytes_per_base)
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(run, batches))
        return found

    @property
    def _bytes_per_base(self) -> int:
        if self.programs:
            return max(1, max(program.bytes_per_bin for program in self.programs) // self.config.pool)
        return 16 * max(self.config.filters, self.config.hidden)

    @torch.inference_mode()
    def _batch(self, codes: torch.Tensor, lengths: np.ndarray, stretches: list[slice]) -> list[np.ndarray]:
        if not self.programs:
            return self._classes(codes, lengths, stretches)
        members = [
            self._bases(program, objective, codes, lengths, stretches)
            for program, objective in zip(self.programs, self.objectives, strict=True)
        ]
        return [np.stack(parts) for parts in zip(*members, strict=True)]

    @staticmethod
    def _bases(
        program: Program,
        objective: Objective,
        codes: torch.Tensor,
        lengths: np.ndarray,
        stretches: list[slice],
    ) -> list[np.ndarray]:
        logits = (
            program(codes, lengths.tolist()) * objective.slope + objective.bias
        )  # (steps, rows, channels)
        found = []
        for row, stretch in enumerate(stretches):
            first = stretch.start // program.bases
            steps = logits[first : -(-stretch.stop // program.bases), row]
            bases = steps.repeat_interleave(program.bases, dim=0)[stretch.start - first * program.bases :]
            found.append(bases[: stretch.stop - stretch.start].float().cpu().numpy())
        return found

    def _classes(self, codes: torch.Tensor, lengths: np.ndarray, stretches: list[slice]) -> list[np.ndarray]:
        bins = torch.from_numpy(lengths).to(self.device)
        members = [
            objective.of_classes(network.forward_sequences(codes, bins)).cpu().numpy()
            for network, objective in zip(self.networks, self.objectives, strict=True)
        ]
        values = np.stack(members)  # (members, rows, classes)
        return [
            np.repeat(values[:, row, None], stretch.stop - stretch.start, axis=1)
            for row, stretch in enumerate(stretches)
        ]

    def probabilities(self, loci: Sequence[Locus]) -> list[np.ndarray]:
        """The score of every base of loci, float (bases, channels) each, NaN where there is none.

        The mean over the members of an ensemble, as ``score`` and ``classify`` give it.
        """
        found = self.of([locus.codes for locus in loci], [locus.inside for locus in loci])
        scores = [sigmoid(values).mean(axis=0) for values in found]
        for locus, values in zip(loci, scores, strict=True):
            values[~locus.called[locus.inside]] = np.nan
        return scores
