rule label:
    """Regions to a label for every base and task of the training genome."""
    input:
        unpack(get_label_inputs),
    output:
        labels=directory("<results>/models/{model}/labels"),
    log:
        "<logs>/label/{model}.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(2048),
    params:
        options=get_label_options,
        record=get_label_record,
    shell:
        r"""
        dnabilstm label \
            --genome {input.codes:q} \
            {params.options:q} \
            --output {output.labels:q} \
            2>{log:q}
        """
