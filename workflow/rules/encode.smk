rule encode:
    """FASTA to codes, one byte a base, with a table of its contigs."""
    input:
        fasta=get_fasta,
    output:
        codes=directory("<results>/{genome}/codes"),
    log:
        "<logs>/encode/{genome}.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(2048),
    shell:
        r"""
        dnabilstm encode \
            --genome {input.fasta:q} \
            --output {output.codes:q} \
            2>{log:q}
        """
