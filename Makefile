# make demo          two Hadoop clusters and a JupyterLab that shows them; Ctrl-C ends everything
# make demo CHECK=1  the same without a person: runs every demo notebook, then ends
# make test          lint, types, unit, sandbox, packaging and browser tests
# make bench         the benchmark table

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/.venv/bin:$(PATH)
STEP := scripts/step
LABEXTENSION := jupyter_ext/_labextension/package.json
SOURCES := $(shell find labextension -type f -not -path '*/lib/*' -not -path '*/__tests__/*' -not -name '*.tsbuildinfo')

.PHONY: help demo test bench setup system-demo system-test lint lint-python lint-typescript types \
        test-typescript test-python test-browser images clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: setup
	@python -m jupyter_ext.sandbox.demo $(if $(CHECK),--check)

test: system-test setup lint test-typescript test-python test-browser
	@echo "✔ everything passed"

bench: setup
	@python -m benchmarks

setup: .venv/.installed

# --- the environment ---------------------------------------------------------------------------

system-demo:
	@scripts/system-packages demo

system-test:
	@scripts/system-packages test

.venv/.tools: scripts/node-tools | system-demo
	@$(STEP) "Python environment" python3 -m venv .venv
	@$(STEP) "build tools" scripts/node-tools
	@touch $@

node_modules/.installed: package.json yarn.lock .yarnrc.yml .venv/.tools
	@$(STEP) "npm packages" jlpm install --immutable
	@touch $@

$(LABEXTENSION): node_modules/.installed $(SOURCES)
	@$(STEP) "JupyterLab extension" jlpm build:prod
	@touch $@

.venv/.installed: pyproject.toml $(LABEXTENSION) $(wildcard kernels/python-clusters/* jupyter_ext/config/*)
	@# An earlier link would let pip write into the build output.
	@rm -rf .venv/share/jupyter/labextensions/@jupyter-ext jupyter_ext/_labextension/install.json
	@# It is compiled, with build tools of its own that the next step would not fetch.
	@$(STEP) "Kerberos for Python" pip install --quiet gssapi
	@$(STEP) "Python packages" env SKIP_JUPYTER_BUILDER=1 pip install --quiet --no-build-isolation -e '.[dev]'
	@$(STEP) "link the extension" jupyter-builder develop . --overwrite
	@touch $@

# --- checks ------------------------------------------------------------------------------------

lint: lint-python lint-typescript

lint-python: setup
	@$(STEP) "ruff" ruff check .
	@$(STEP) "ruff format" ruff format --check .
	@$(STEP) "mypy" mypy
	@$(STEP) "import contracts" lint-imports
	@$(STEP) "shellcheck" shellcheck scripts/step scripts/system-packages scripts/base-image scripts/node-tools scripts/pyspark-for-tests scripts/drift .ci/run binder/postBuild binder/start

lint-typescript: setup
	@$(STEP) "generated types are up to date" scripts/drift
	@$(STEP) "eslint and prettier" jlpm lint:check
	@$(STEP) "tsc of the tests" jlpm tsc -p labextension/tsconfig.test.json

types: setup
	@python scripts/generate_api.py
	@jlpm types

test-typescript: setup
	@$(STEP) "jest" jlpm test
	@tail -n 6 .venv/logs/jest.log

images: system-test setup
	@$(STEP) "Docker images" python -m tests.docker_engine

test-python: images
	@$(STEP) "PySpark for its tests" scripts/pyspark-for-tests
	@python -m pytest

test-browser: system-test setup
	@$(STEP) "browser test packages" npm --prefix tests/ui ci
	@npm --prefix tests/ui test

clean:
	@rm -rf .venv node_modules tests/ui/node_modules labextension/lib labextension/*.tsbuildinfo \
	  jupyter_ext/_labextension dist artifacts .demo .test
