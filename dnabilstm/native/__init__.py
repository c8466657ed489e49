"""In C: the LSTM's recurrence and its gradient, on processors whose vectors it knows, and gapped k-mers.

``library``  what was compiled, and suits this processor
``sweep``    one direction over some steps
``learning`` the same for training, with a gradient
``words``    the weights of the words that sequences have

Features, weights and outputs are float32 or bfloat16; sums, gates and memory cells are float32 always.

It is compiled when the package is installed, where there is a C compiler, and called through ctypes: it
knows nothing of Python, and lets other threads run meanwhile. Where it was not compiled, or computes
anything else than PyTorch does on this processor, PyTorch's own kernels serve.
"""
