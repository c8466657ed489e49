# A training job that was interrupted goes on from the state that it left beside its model; that file is
# no output, so that Snakemake leaves it there.


rule train:
    """Codes and labels to a model."""
    input:
        codes=f"<results>/{TRAINING['genome']}/codes",
        labels="<results>/models/{model}/labels",
    output:
        model="<results>/models/{model}/model.safetensors",
        split="<results>/models/{model}/model.split.bed",
        table="<results>/models/{model}/model.training.csv",
        history="<results>/models/{model}/model.training.json",
        curve=report(
            "<results>/models/{model}/model.learning_curve.png",
            caption="../report/learning_curve.rst",
            category="Training",
            labels={"model": "{model}"},
        ),
        vector="<results>/models/{model}/model.learning_curve.svg",
    log:
        "<logs>/train/{model}.log",
    benchmark:
        "<benchmarks>/train/{model}.tsv"
    conda:
        "../envs/dnabilstm.yaml"
    threads: get_train_threads
    resources:
        mem_mb=4000,
    params:
        options=get_train_options,
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm train \
            --genome {input.codes:q} \
            --labels {input.labels:q} \
            {params.options:q} \
            --device {params.device:q} \
            --output {output.model:q} \
            2>&1 | tee {log:q}
        """


rule train_baseline:
    """The same network with less: untied strands, or reading one way only."""
    input:
        codes=f"<results>/{TRAINING['genome']}/codes",
        labels="<results>/models/{model}/labels",
    output:
        model="<results>/models/{model}/baselines/{baseline}.safetensors",
        split="<results>/models/{model}/baselines/{baseline}.split.bed",
        table="<results>/models/{model}/baselines/{baseline}.training.csv",
        history="<results>/models/{model}/baselines/{baseline}.training.json",
        curve="<results>/models/{model}/baselines/{baseline}.learning_curve.png",
        vector="<results>/models/{model}/baselines/{baseline}.learning_curve.svg",
    log:
        "<logs>/train/{model}.{baseline}.log",
    benchmark:
        "<benchmarks>/train/{model}.{baseline}.tsv"
    conda:
        "../envs/dnabilstm.yaml"
    threads: get_train_threads
    resources:
        mem_mb=4000,
    params:
        options=get_train_options,
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm train \
            --genome {input.codes:q} \
            --labels {input.labels:q} \
            {params.options:q} \
            --device {params.device:q} \
            --output {output.model:q} \
            2>&1 | tee {log:q}
        """
