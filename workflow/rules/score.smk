rule score:
    """A genome and a model to a probability for every base."""
    input:
        codes="<results>/{genome}/codes",
        model=get_model,
    output:
        table="<results>/{genome}/{model}/scores.json",
        scores="<results>/{genome}/{model}/scores.f32",
        nocall="<results>/{genome}/{model}/nocall.bed",
    log:
        "<logs>/score/{genome}.{model}.log",
    benchmark:
        "<benchmarks>/score/{genome}.{model}.tsv"
    wildcard_constraints:
        model=one_of(MODELS),
    conda:
        "../envs/dnabilstm.yaml"
    threads: 2
    resources:
        mem_mb=grow(4096),
        gpu=get_gpus,
        runtime=get_score_minutes,
    params:
        folder=subpath(output[0], parent=True),
        options=get_options(get_section("score")),
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm score \
            --genome {input.codes:q} \
            --model {input.model:q} \
            {params.options:q} \
            --device {params.device:q} \
            --workers {threads} \
            --output {params.folder:q} \
            2>&1 | tee {log:q}
        """
