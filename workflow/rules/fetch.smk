rule fetch:
    """Take a public file from $DNABILSTM_DATA or its address, and check that it is the right one."""
    input:
        # An input, since a parameter with a place in Snakemake's cache, new each time, would count as a change;
        # ancient, since a newer script would fetch the same files.
        script=ancient(workflow.source_path("../scripts/fetch.py")),
    output:
        file="<resources>/{file}",
    log:
        "<logs>/fetch/{file}.log",
    # Where the compute nodes of a cluster have no way to the internet, the machine that submits has one.
    localrule: True
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(1024),
    params:
        options=get_fetch_options,
    shell:
        r"""
        python3 {input.script:q} \
            {params.options:q} \
            --output {output.file:q} \
            2>{log:q}
        """
