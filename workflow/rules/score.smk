if SHARDS_OF_SCORE == 1:

    rule score:
        """A genome and a model to a probability for every base."""
        input:
            codes="<results>/{genome}/codes",
            model=get_model,
        output:
            table="<results>/{genome}/{model}/scores.json",
            scores="<results>/{genome}/{model}/scores.f32",
            nocall="<results>/{genome}/{model}/nocall.bed",
        log:
            "<logs>/score/{genome}.{model}.log",
        benchmark:
            "<benchmarks>/score/{genome}.{model}.tsv"
        wildcard_constraints:
            model=one_of(MODELS),
        conda:
            "../envs/dnabilstm.yaml"
        threads: 2
        resources:
            mem_mb=grow(4096),
            runtime=get_score_minutes,
            gpu=get_gpus,
        params:
            folder=subpath(output[0], parent=True),
            options=get_score_options(),
            cache=get_cache_options(2),
            device=config.get("device", "auto"),
        shell:
            r"""
            dnabilstm score \
                --genome {input.codes:q} \
                --model {input.model:q} \
                {params.options:q} \
                {params.cache:q} \
                --device {params.device:q} \
                --workers {threads} \
                --output {params.folder:q} \
                2>&1 | tee {log:q}
            """

else:

    rule score_shard:
        """A part of a genome and a model to a probability for every base of it."""
        input:
            codes="<results>/{genome}/codes",
            model=get_model,
        output:
            table=temp("<results>/{genome}/{model}/shards/{shard}-of-{shards}/shard.json"),
            scores=temp("<results>/{genome}/{model}/shards/{shard}-of-{shards}/shard.f32"),
            nocall=temp("<results>/{genome}/{model}/shards/{shard}-of-{shards}/nocall.bed"),
        log:
            "<logs>/score/{genome}.{model}.{shard}-of-{shards}.log",
        benchmark:
            "<benchmarks>/score/{genome}.{model}.{shard}-of-{shards}.tsv"
        wildcard_constraints:
            model=one_of(MODELS),
            shard=r"\d+",
            shards=r"\d+",
        conda:
            "../envs/dnabilstm.yaml"
        threads: 2
        resources:
            mem_mb=grow(4096),
            runtime=get_score_minutes,
            gpu=get_gpus,
        params:
            folder=subpath(output[0], ancestor=3),
            options=get_score_options(),
            cache=get_cache_options(4),
            device=config.get("device", "auto"),
        shell:
            r"""
            dnabilstm score \
                --genome {input.codes:q} \
                --model {input.model:q} \
                {params.options:q} \
                {params.cache:q} \
                --device {params.device:q} \
                --workers {threads} \
                --shard {wildcards.shard}/{wildcards.shards} \
                --output {params.folder:q} \
                2>&1 | tee {log:q}
            """

    rule merge:
        """The shards of a genome to its scores."""
        input:
            shards=get_shards,
        output:
            table="<results>/{genome}/{model}/scores.json",
            scores="<results>/{genome}/{model}/scores.f32",
            nocall="<results>/{genome}/{model}/nocall.bed",
        log:
            "<logs>/merge/{genome}.{model}.log",
        wildcard_constraints:
            model=one_of(MODELS),
        conda:
            "../envs/dnabilstm.yaml"
        threads: 1
        resources:
            mem_mb=grow(2048),
        params:
            folder=subpath(output[0], parent=True),
            cache=get_cache_options(2),
            shards=SHARDS_OF_SCORE,
        shell:
            r"""
            dnabilstm merge \
                --shards {params.shards} \
                --keep \
                {params.cache:q} \
                --output {params.folder:q} \
                2>{log:q}
            """
