localrules:
    plan,


rule plan:
    """What scoring the genomes will take: prints bases, contigs, time, memory and disk."""
    input:
        fastas=[get_path(row["fasta"]) for row in GENOMES.values()],
    log:
        "<logs>/plan.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 2
    resources:
        mem_mb=grow(2048),
    params:
        options=get_plan_options,
        # Where this runs, which may be the login node of a cluster, there may be no GPU.
        device="cpu" if config.get("device") == "cpu" else "auto",
    shell:
        r"""
        dnabilstm plan \
            {params.options:q} \
            --device {params.device:q} \
            --workers {threads} \
            2>&1 | tee {log:q}
        """
