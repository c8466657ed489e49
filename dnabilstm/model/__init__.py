"""The model: a configuration, layers with exact strand symmetry, heads, and one safe file.

``config``    every choice that defines a network, as a dataclass
``layers``    strand-tied convolution and bidirectional LSTM
``heads``     from the two directions to logits
``network``   the layers put together
``registry``  architectures by name
``bundle``    the model file: tensors and a JSON card, no pickle
"""
