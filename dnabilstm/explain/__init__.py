"""What a model looks at: hidden states, context, attention, and what each base adds to the score."""
