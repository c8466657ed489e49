rule explain_regions:
    """Regions of a genome and the model to what counts in them, and what the network does with it."""
    input:
        codes="<results>/{genome}/codes",
        model=get_model,
        regions=get_explained_regions,
        motifs=get_known_motifs,
        labels=get_page_labels,
    output:
        table="<results>/{genome}/{model}/explain/{channel}/explain.json",
    log:
        "<logs>/explain/{genome}.{model}.{channel}.log",
    benchmark:
        "<benchmarks>/explain/{genome}.{model}.{channel}.tsv"
    conda:
        "../envs/dnabilstm.yaml"
    threads: 2
    resources:
        mem_mb=grow(4096),
        gpu=get_gpus,
    params:
        folder=subpath(output[0], parent=True),
        options=get_explain_options,
        record=record(get_section("explain")),
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm explain \
            --model {input.model:q} \
            --genome {input.codes:q} \
            --regions {input.regions:q} \
            --channels {wildcards.channel:q} \
            {params.options:q} \
            --device {params.device:q} \
            --output {params.folder:q} \
            2>&1 | tee {log:q}
        """
