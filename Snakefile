# `snakemake` in this folder runs the workflow; see workflow/Snakefile.


include: "workflow/Snakefile"


# An include resets the default target, so that it needs a rule of its own here.
rule default:
    """Everything that the configuration asks for."""
    default_target: True
    input:
        rules.all.input,
