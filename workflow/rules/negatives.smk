rule negatives:
    """Sequences to what is not one of them: shuffled, or windows of the genome."""
    input:
        unpack(get_negatives_inputs),
    output:
        negatives=get_negatives("{model}", "{part}"),
    log:
        "<logs>/negatives/{model}.{part}.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(4096),
    params:
        options=get_negatives_options,
        record=record({**CLASSIFIER, "model": None, "train": None}),
    shell:
        r"""
        dnabilstm negatives \
            {params.options:q} \
            --output {output.negatives:q} \
            2>{log:q}
        """
