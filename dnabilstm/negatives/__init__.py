"""Negatives for a set of sequences: alike in what should not decide, without what should.

``config``   the settings
``shuffle``  the same dinucleotides in another order
``compose``  bases drawn anew, or parts kept and the rest changed
``windows``  windows of a genome, away from the positives
``make``     the kinds by name
"""

from dnabilstm.negatives.config import NegativesConfig
from dnabilstm.negatives.make import KINDS, make_negatives

__all__ = ["KINDS", "NegativesConfig", "make_negatives"]
