rule browse:
    """The tracks of a genome as a web page."""
    input:
        table="<results>/{genome}/{model}/tracks.json",
        bigwigs=expand("<results>/{{genome}}/{{model}}/{channel}.bw", channel=TRACKS),
        bedgraphs=expand("<results>/{{genome}}/{{model}}/{channel}.bedgraph.gz", channel=TRACKS),
        called="<results>/{genome}/{model}/regions.json",
        regions=expand("<results>/{{genome}}/{{model}}/{channel}.regions.bed", channel=CHANNELS),
        nocall="<results>/{genome}/{model}/nocall.bed",
        codes="<results>/{genome}/codes",
        labels=get_page_labels,
        split=get_page_split,
        genes=get_page_genes,
    output:
        page=directory("<results>/{genome}/{model}/browse"),
    log:
        "<logs>/browse/{genome}.{model}.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(2048),
    params:
        tracks=subpath(input.table, parent=True),
        options=get_browse_options,
    shell:
        r"""
        dnabilstm browse \
            --tracks {params.tracks:q} \
            --genome {input.codes:q} \
            --name {wildcards.genome:q} \
            {params.options:q} \
            --output {output.page:q} \
            2>{log:q}
        """
