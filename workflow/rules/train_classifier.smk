# An interrupted job goes on from the state beside its model, as with rule `train`.


rule train_classifier:
    """Sequences and their classes to a model, with an audit of what they have in common."""
    input:
        unpack(get_classifier_inputs),
    output:
        model="<results>/models/{model}/model.safetensors",
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
        tested=get_tested("tsv"),
        figures=report(
            get_tested("json"),
            caption="../report/test.rst",
            category="Evaluation",
            labels={"model": "{model}", "what": "figures"},
        ),
    log:
        "<logs>/train/{model}.log",
    benchmark:
        "<benchmarks>/train/{model}.tsv"
    conda:
        "../envs/dnabilstm.yaml"
    threads: get_train_threads
    resources:
        mem_mb=grow(4096),
        gpu=get_gpus,
        runtime=get_train_minutes,
    params:
        options=get_classifier_options,
        record=record(CLASSIFIER),
        device=config.get("device", "auto"),
    shell:
        r"""
        dnabilstm train \
            {params.options:q} \
            --device {params.device:q} \
            --output {output.model:q} \
            2>&1 | tee {log:q}
        """
