rule hub:
    """Tracks to a folder that UCSC's browser, IGV desktop and JBrowse 2 open."""
    input:
        unpack(get_hub_inputs),
        codes="<results>/{genome}/codes",
        nocall="<results>/{genome}/{model}/nocall.bed",
        table="<results>/{genome}/{model}/tracks.json",
        bigwigs=expand("<results>/{{genome}}/{{model}}/{channel}.bw", channel=TRACKS),
        calls="<results>/{genome}/{model}/regions.json",
        regions=expand("<results>/{{genome}}/{{model}}/{channel}.regions.bed", channel=CHANNELS),
    output:
        hub=directory("<results>/{genome}/{model}/hub"),
    log:
        "<logs>/hub/{genome}.{model}.log",
    wildcard_constraints:
        model=one_of(get_alike()),
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(2048),
    params:
        tracks=subpath(input.table, parent=True),
        options=get_hub_options,
    shell:
        r"""
        dnabilstm hub \
            --tracks {params.tracks:q} \
            --genome {input.codes:q} \
            --name {wildcards.genome:q} \
            {params.options:q} \
            --unknown-contigs skip \
            --output {output.hub:q} \
            2>{log:q}
        """
