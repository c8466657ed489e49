"""Intervals to a label for every base and task, with a mask for the bases that nobody should judge.

``spec``   what a task is
``make``   files of regions to labels
``store``  the labels on disk
"""

from dnabilstm.labels.make import make_labels
from dnabilstm.labels.spec import STRAND, TASK_NAME, LabelSpec, check_specs
from dnabilstm.labels.store import MASK, Labels, open_labels, read_label_table

__all__ = [
    "MASK",
    "STRAND",
    "TASK_NAME",
    "LabelSpec",
    "Labels",
    "check_specs",
    "make_labels",
    "open_labels",
    "read_label_table",
]
