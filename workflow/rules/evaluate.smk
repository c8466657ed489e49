rule evaluate:
    """The model, and what it is compared with, on held-out contigs."""
    input:
        codes=f"<results>/{TRAINING['genome']}/codes",
        labels="<results>/models/{model}/labels",
        model="<results>/models/{model}/model.safetensors",
        compared=get_compared_models,
    output:
        json="<results>/models/{model}/evaluation/evaluation.json",
        table=report(
            "<results>/models/{model}/evaluation/evaluation.tsv",
            caption="../report/evaluation.rst",
            category="Evaluation",
            labels={"model": "{model}", "what": "figures"},
        ),
        pr=report(
            "<results>/models/{model}/evaluation/pr.png",
            caption="../report/pr.rst",
            category="Evaluation",
            labels={"model": "{model}", "what": "precision and recall"},
        ),
        roc=report(
            "<results>/models/{model}/evaluation/roc.png",
            caption="../report/roc.rst",
            category="Evaluation",
            labels={"model": "{model}", "what": "ROC"},
        ),
        reliability=report(
            "<results>/models/{model}/evaluation/reliability.png",
            caption="../report/reliability.rst",
            category="Evaluation",
            labels={"model": "{model}", "what": "reliability"},
        ),
        distribution=report(
            "<results>/models/{model}/evaluation/distribution.png",
            caption="../report/distribution.rst",
            category="Evaluation",
            labels={"model": "{model}", "what": "distribution of the scores"},
        ),
        vectors=expand("<results>/models/{{model}}/evaluation/{picture}.svg", picture=PICTURES),
    log:
        "<logs>/evaluate/{model}.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 2
    resources:
        mem_mb=grow(4096),
        gpu=get_gpus,
    params:
        folder=subpath(output[0], parent=True),
        options=get_evaluate_options,
        record=record(get_section("evaluate")),
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm evaluate \
            --genome {input.codes:q} \
            --labels {input.labels:q} \
            --model {input.model:q} \
            {params.options:q} \
            --device {params.device:q} \
            --output {params.folder:q} \
            2>&1 | tee {log:q}
        """
