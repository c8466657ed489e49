rule report:
    """One page about the model: data, warnings, figures, examples, and what it took."""
    input:
        unpack(get_report_inputs),
        codes=f"<results>/{TRAINING['genome']}/codes",
        labels="<results>/models/{model}/labels",
        model="<results>/models/{model}/model.safetensors",
        history="<results>/models/{model}/model.training.json",
        audit="<results>/models/{model}/model.audit/audit.json",
        evaluation="<results>/models/{model}/evaluation/evaluation.json",
        table=f"<results>/{TRAINING['genome']}/{{model}}/scores.json",
        scores=f"<results>/{TRAINING['genome']}/{{model}}/scores.f32",
    output:
        page=report(
            "<results>/models/{model}/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"model": "{model}", "what": "one page"},
        ),
        figures=directory("<results>/models/{model}/report.figures"),
    log:
        "<logs>/report/{model}.log",
    conda:
        "../envs/dnabilstm.yaml"
    threads: 1
    resources:
        mem_mb=grow(4096),
    params:
        evaluation=subpath(input.evaluation, parent=True),
        scores=subpath(input.table, parent=True),
        options=get_report_options,
    shell:
        r"""
        dnabilstm report \
            --model {input.model:q} \
            --evaluation {params.evaluation:q} \
            --genome {input.codes:q} \
            --labels {input.labels:q} \
            --scores {params.scores:q} \
            {params.options:q} \
            --output {output.page:q} \
            2>{log:q}
        """
