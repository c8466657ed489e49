rule simulate:
    """Write the demo genome, its labels and its truth."""
    output:
        genome="<resources>/demo/genome.fa",
        promoter="<resources>/demo/promoter.bed",
        enhancer="<resources>/demo/enhancer.bed",
        truth="<resources>/demo/truth.bed",
        decoys="<resources>/demo/decoys.bed",
        repeats="<resources>/demo/repeats.bed",
        ambiguous="<resources>/demo/ambiguous.bed",
        motifs="<resources>/demo/motifs.meme",
        grammar="<resources>/demo/grammar.txt",
    log:
        "<logs>/simulate.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(1024),
    params:
        folder=subpath(output[0], parent=True),
        options=get_options(get_section("demo")),
    shell:
        r"""
        dnabilstm simulate \
            {params.options:q} \
            --output {params.folder:q} \
            2>{log:q}
        """
