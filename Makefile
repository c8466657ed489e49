# make demo and make test need Python 3.11 or newer, git and make, and nothing else.
# They install into .venv, or into the virtual or conda environment that is active.

ACTIVE := $(or $(VIRTUAL_ENV),$(CONDA_PREFIX))
ENV := $(or $(ACTIVE),.venv)
BIN := $(ENV)/bin
PYTHON ?= python3
# One a checkout, since an environment may serve several.
STAMP := $(ENV)/.installed$(subst /,-,$(CURDIR))
# So that rules find `dnabilstm`, and snakefmt its shfmt.
export PATH := $(abspath $(BIN)):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install demo classifier test test-slurm lint schema yeast bench clean

help: ## what can be made
	@echo "make TARGET"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

install: $(STAMP) ## the package and everything it needs, once

demo: $(STAMP) ## the workflow on its built-in genome: train, evaluate, score, tracks, web page, report
	$(BIN)/snakemake --cores all
	@echo "Look at the tracks:  $(BIN)/dnabilstm browse --serve --output results/demo/demo/browse"
	@echo "Their files:         results/demo/demo/ (load resources/demo/genome.fa and a .bw in a genome browser)"
	@echo "Open the report:     results/models/demo/report.html"

classifier: $(STAMP) ## classes of whole sequences: promoters, enhancers and negatives of the built-in genome
	$(BIN)/snakemake --cores all --configfile config/classifier.yaml
	@echo "The model, its audit and learning curve are in results/models/demo_classifier/,"
	@echo "the classes of the decoys in results/decoys/demo_classifier/."

test: $(STAMP) ## the tests
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

# As root, with SLURM and munge (Debian: apt-get install slurm-wlm munge); says so, and makes no error, where they lack.
test-slurm: $(STAMP) ## the workflow through a SLURM that is set up for it (root; minutes)
	$(BIN)/python -c 'import snakemake_executor_plugin_slurm' 2>/dev/null \
	  || $(BIN)/python -m pip install -c constraints.txt -e '.[slurm]'
	$(BIN)/python -m tests.cluster.run_slurm

lint: $(STAMP) ## style and workflow checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check .
	$(BIN)/snakemake --lint

schema: $(STAMP) ## write workflow/schemas from dnabilstm/workflow_schema
	$(BIN)/python -m dnabilstm.workflow_schema

yeast: $(STAMP) ## promoters, open chromatin, binding sites and tRNA genes of yeast (data: see config/yeast.yaml)
	$(BIN)/snakemake --cores all --configfile config/yeast.yaml

bench: $(STAMP) ## benchmarks, as tables: the demo model cut in other ways, and speed (an hour)
	$(BIN)/snakemake --cores all
	$(BIN)/python benchmarks/accuracy/cutting.py results/models/demo/model.safetensors results/demo/codes
	$(BIN)/python -m benchmarks.speed.score --repeats 1
	$(BIN)/python -m benchmarks.speed.training --repeats 3
	$(BIN)/python -m benchmarks.speed.classify --repeats 1
	$(BIN)/python -m benchmarks.speed.tracks --repeats 1
	$(BIN)/python -m benchmarks.speed.genomes --repeats 1 --model results/models/demo/model.safetensors
	$(BIN)/python -m benchmarks.speed.peers.run --repeats 1
	$(BIN)/python -m benchmarks.speed.gpu

clean: ## remove the demo and caches; the environment, downloads and other results stay
	rm -rf results/demo results/models/demo results/models/demo_classifier results/decoys resources/demo build dist .pytest_cache .ruff_cache

# PyTorch first, from the constraints, so that nothing else brings in a larger build of it.
$(STAMP): pyproject.toml constraints.txt setup.py $(wildcard dnabilstm/native/*.[ch])
	$(if $(ACTIVE),,test -x $(BIN)/python || $(PYTHON) -m venv $(ENV))
	$(BIN)/python -m pip install -c constraints.txt torch
	$(BIN)/python -m pip install -c constraints.txt -e '.[dev,fast]'
	touch $@
