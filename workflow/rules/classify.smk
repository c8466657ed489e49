rule classify:
    """Sequences and a model to the probability of each class."""
    input:
        unpack(get_classify_inputs),
        model=get_model,
    output:
        table="<results>/{set}/{model}/classes.tsv",
        figures="<results>/{set}/{model}/classes.json",
    log:
        "<logs>/classify/{set}.{model}.log",
    benchmark:
        "<benchmarks>/classify/{set}.{model}.tsv"
    conda:
        "../envs/dnabilstm.yaml"
    threads: 2
    resources:
        mem_mb=grow(4096),
        gpu=get_gpus,
        runtime=get_score_minutes,
    params:
        options=get_classify_options,
        record=get_classify_record,
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm classify \
            --model {input.model:q} \
            {params.options:q} \
            --device {params.device:q} \
            --output {output.table:q} \
            2>&1 | tee {log:q}
        """
