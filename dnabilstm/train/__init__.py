"""Training: genome, labels and a split to a model file.

``config``    every choice of a training run, as a dataclass
``gradient``  one step's gradient, in shards side by side
``state``     what an interrupted run goes on from, written atomically
``loop``      the loop that reads aloud
``held_out``  logits and figures on the validation part
``context``   how far the scores feel the sequence, measured
``finish``    from the best weights to a model: context, calibration, thresholds, figures
``log``       the run as CSV, JSON and a picture
"""
