"""The scikit-learn face: sequences and labels in, classes and probabilities out.

``inputs``      X as a set of sequences, y as numbers of classes
``parts``       what trains and what validates, copies kept together
``training``    from the parts to one network or an ensemble, in a temporary folder
``settings``    the parameters, which are those of network and training
``classifier``  the estimator itself; its file is the ordinary model file
"""

from dnabilstm.estimator.classifier import DNABiLSTMClassifier
from dnabilstm.estimator.inputs import repeat_groups

__all__ = ["DNABiLSTMClassifier", "repeat_groups"]
