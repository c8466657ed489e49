"""One page about a model: what it was trained on, how good it is, and what its scores look like."""
