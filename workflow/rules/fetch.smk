rule fetch:
    """Take a public file from $DNABILSTM_DATA or its address, and check that it is the right one."""
    output:
        file="<resources>/{file}",
    log:
        "<logs>/fetch/{file}.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        script=workflow.source_path("../scripts/fetch.py"),
        options=get_fetch_options,
    shell:
        r"""
        python3 {params.script:q} \
            {params.options:q} \
            --output {output.file:q} \
            2>{log:q}
        """
