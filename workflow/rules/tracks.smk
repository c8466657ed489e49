rule tracks:
    """Scores to bedGraph and bigWig, for a genome browser."""
    input:
        table="<results>/{genome}/{model}/scores.json",
        scores="<results>/{genome}/{model}/scores.f32",
    output:
        table="<results>/{genome}/{model}/tracks.json",
        sizes="<results>/{genome}/{model}/chrom.sizes",
        bedgraphs=expand("<results>/{{genome}}/{{model}}/{channel}.bedgraph.gz", channel=TRACKS),
        bigwigs=expand("<results>/{{genome}}/{{model}}/{channel}.bw", channel=TRACKS),
    log:
        "<logs>/tracks/{genome}.{model}.log",
    wildcard_constraints:
        model=one_of(get_alike()),
    conda:
        "../envs/dnabilstm.yaml"
    threads: 2
    resources:
        mem_mb=grow(4096),
    params:
        scores=subpath(input.table, parent=True),
        folder=subpath(output[0], parent=True),
        options=get_options(get_section("tracks")),
    shell:
        r"""
        dnabilstm tracks \
            --scores {params.scores:q} \
            {params.options:q} \
            --workers {threads} \
            --output {params.folder:q} \
            2>{log:q}
        """
