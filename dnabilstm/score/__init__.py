"""The scoring engine: a genome and a model give one calibrated probability a base and channel.

``config``  the settings of a run
``store``   the scores of a genome on disk
``plan``    which windows are computed together: a fixed grid, with halos
``sweep``   one batch of windows through the model, in short tiles with the state carried
``engine``  plan, workers and store put together
"""
