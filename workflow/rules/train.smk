# A training job that was interrupted goes on from the state that it left beside its model; that file is
# no output, so that Snakemake leaves it there.


rule train:
    """Codes and labels to a model, or to one that it is compared with."""
    input:
        codes=f"<results>/{TRAINING['genome']}/codes",
        labels=f"<results>/models/{config['model']}/labels",
    output:
        model="<results>/models/{model}/model.safetensors",
        split="<results>/models/{model}/model.split.bed",
        table="<results>/models/{model}/model.training.csv",
        history="<results>/models/{model}/model.training.json",
        curve=report(
            "<results>/models/{model}/model.learning_curve.png",
            caption="../report/learning_curve.rst",
            category="Training",
            labels={"model": "{model}", "what": "learning curve"},
        ),
        vector="<results>/models/{model}/model.learning_curve.svg",
        audit="<results>/models/{model}/model.audit/audit.json",
        leaks="<results>/models/{model}/model.audit/audit.tsv",
        picture=report(
            "<results>/models/{model}/model.audit/audit.png",
            caption="../report/audit.rst",
            category="Training",
            labels={"model": "{model}", "what": "audit"},
        ),
        drawing="<results>/models/{model}/model.audit/audit.svg",
    log:
        "<logs>/train/{model}.log",
    benchmark:
        "<benchmarks>/train/{model}.tsv"
    wildcard_constraints:
        model=one_of(MODELS),
    conda:
        "../envs/dnabilstm.yaml"
    threads: get_train_threads
    resources:
        mem_mb=grow(4096),
        gpu=get_gpus,
        runtime=get_train_minutes,
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
