rule call:
    """Scores to the regions where they are high."""
    input:
        table="<results>/{genome}/{model}/scores.json",
        scores="<results>/{genome}/{model}/scores.f32",
    output:
        table="<results>/{genome}/{model}/regions.json",
        regions=expand("<results>/{{genome}}/{{model}}/{channel}.regions.bed", channel=CHANNELS),
    log:
        "<logs>/call/{genome}.{model}.log",
    wildcard_constraints:
        model=one_of(MODELS),
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(2048),
    params:
        scores=subpath(input.table, parent=True),
        folder=subpath(output[0], parent=True),
        options=get_options(get_section("call")),
    shell:
        r"""
        dnabilstm call \
            --scores {params.scores:q} \
            {params.options:q} \
            --output {params.folder:q} \
            2>{log:q}
        """
