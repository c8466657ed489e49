"""Means, deviations and correlations of many columns, gathered piece by piece."""

import numpy as np

ROUNDING = 1e-12
"""Variance of numbers up to 1 that is only the rounding of sums."""


class Moments:
    """What is needed of two sets of columns to correlate each of one with each of the other.

    Sums are float64; pieces may be of any size.

    Parameters
    ----------
    units, followed
        Columns of either set.
    """

    def __init__(self, units: int, followed: int) -> None:
        self.counts = np.zeros(followed)
        # Of each column of the first set over the rows that each of the second has.
        self.x, self.xx, self.xy = (np.zeros((units, followed)) for _ in range(3))
        self.y, self.yy = np.zeros(followed), np.zeros(followed)
        self.rows, self.sum, self.squares = 0, np.zeros(units), np.zeros(units)

    def add(self, units: np.ndarray, followed: np.ndarray) -> None:
        """Take in rows.

        Parameters
        ----------
        units
            float (rows, units), no NaN.
        followed
            float (rows, followed), NaN where a row does not count for a column.
        """
        units, has = units.astype(np.float64), np.isfinite(followed)
        values = np.where(has, followed, 0.0).astype(np.float64)
        squares, counted = units * units, has.astype(np.float64)
        self.rows += len(units)
        self.sum += units.sum(axis=0)
        self.squares += squares.sum(axis=0)
        self.counts += counted.sum(axis=0)
        self.x += units.T @ counted
        self.xx += squares.T @ counted
        self.xy += units.T @ values
        self.y += values.sum(axis=0)
        self.yy += (values * values).sum(axis=0)

    @property
    def mean(self) -> np.ndarray:
        """Of each unit, float64 (units,)."""
        return self.sum / max(1, self.rows)

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation of each unit, float64 (units,)."""
        return np.sqrt(np.maximum(self.squares / max(1, self.rows) - self.mean**2, 0))

    @property
    def correlation(self) -> np.ndarray:
        """Pearson's r, float64 (units, followed); NaN where either does not vary."""
        n = np.maximum(self.counts, 1)
        covariance = self.xy / n - self.x / n * (self.y / n)
        of_units, of_followed = self.xx / n - (self.x / n) ** 2, self.yy / n - (self.y / n) ** 2
        varies = (of_units > ROUNDING) & (of_followed > ROUNDING)
        scale = np.sqrt(np.where(varies, of_units * of_followed, 1))
        return np.where(varies, np.clip(covariance / scale, -1, 1), np.nan)
