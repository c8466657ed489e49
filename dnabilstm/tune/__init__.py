"""Tuning: many short trainings to the settings that validate best.

``config``   how long is searched, as a dataclass
``space``    the settings that are tried, and their ranges
``sampler``  what is tried next, from what is known so far and the trial's number
``study``    the study on disk: survives a kill, is refused to other data
``search``   the loop over trials: train, report, prune
``report``   trials as a table, the best as a file for ``train``
``picture``  history, importance, value by setting

Optuna, an extra, is imported by ``sampler``, ``study``, ``search`` and ``picture`` only.
"""
