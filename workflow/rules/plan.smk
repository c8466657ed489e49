localrules:
    plan,


rule plan:
    """What scoring the genomes will take: prints bases, contigs, time, memory and disk, and writes nothing."""
    input:
        fastas=[get_path(row["fasta"]) for row in GENOMES.values()],
    conda:
        "../envs/dnabilstm.yaml"
    threads: 2
    params:
        options=get_plan_options,
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm plan \
            {params.options:q} \
            --device {params.device:q} \
            --workers {threads}
        """
