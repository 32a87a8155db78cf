# `make demo` and `make test` are all that a newcomer needs; each sets up what it uses.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-matrix mutants lint notebooks docs benchmarks parity clean

$(VENV)/installed: requirements.txt setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

demo: $(VENV)/installed
	@if [ -d runs/demo ]; then $(BIN)/python scripts/train.py --resume runs/demo; \
	else $(BIN)/python scripts/train.py cgan --out runs/demo; fi

# Two files at a time: most of a test is tracing graphs, which uses one core.
PYTEST := -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
test: $(VENV)/installed
	$(BIN)/python $(PYTEST)

# The oldest TensorFlow that is supported, with the newest Keras that goes with it, and the newest of both.
# TensorFlow 2.18 needs Python 3.12 or older, and protobuf 5, for which tensorflow-metadata 1.21 is too new.
test-matrix: .venv-oldest/installed test
	.venv-oldest/bin/python $(PYTEST)

.venv-oldest/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --upgrade pip
	.venv-oldest/bin/python -m pip install --quiet 'tensorflow==2.18.*' 'tensorflow-metadata<1.18' \
		--editable '.[test,notebooks]'
	touch $@

# Small faults put into the package one at a time: at least 95 % of them must be caught by the tests.
mutants: $(VENV)/installed
	$(BIN)/python benchmarks/mutants.py --out benchmarks/results/mutants

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

notebooks: $(VENV)/installed
	$(BIN)/python notebooks/execute.py

# The reference of every public function, from its docstring, in build/api.
docs: $(VENV)/installed
	$(BIN)/pdoc --docformat google --output-directory build/api tfgan_ref

# colourise.py and super_resolution.py need data of their own: docs/image_to_image.md has their commands.
# PYTORCH names a Python that has PyTorch, for the rows that compare with it; without, they are left out.
PYTORCH ?=
benchmarks: $(VENV)/installed
	$(BIN)/python benchmarks/throughput.py --out benchmarks/results/throughput $(if $(PYTORCH),--torch-python $(PYTORCH))
	$(BIN)/python benchmarks/metric_studies.py --study all --out benchmarks/results/metric_studies
	$(BIN)/python benchmarks/metric_sanity.py --out benchmarks/results/metric_sanity
	$(BIN)/python benchmarks/metrics_speed.py --out benchmarks/results/metrics_speed $(if $(PYTORCH),--peer-python $(PYTORCH))
	for distribution in ring grid two_modes stacked; do \
		$(BIN)/python benchmarks/modes.py --distribution $$distribution --out benchmarks/results/modes/$$distribution || exit 1; \
	done
	$(BIN)/python benchmarks/saturation.py --out benchmarks/results/saturation
	$(BIN)/python benchmarks/weights_clip_vs_gp.py --out benchmarks/results/weights_clip_vs_gp
	$(BIN)/python benchmarks/missing_values.py --out benchmarks/results/missing_values --runs runs/missing_values
	$(BIN)/python benchmarks/latents.py --out benchmarks/results/latents --runs runs/latents
	$(BIN)/python benchmarks/inpainting.py --out benchmarks/results/inpainting --runs runs/inpainting
	$(BIN)/python benchmarks/style.py --out benchmarks/results/style --runs runs/style_benchmark
	$(BIN)/python benchmarks/cut_speed.py --out benchmarks/results/cut_speed
	$(BIN)/python benchmarks/voices.py --out benchmarks/results/voices --runs runs/voices_benchmark
	$(BIN)/python benchmarks/text.py --objectives gumbel,likelihood,policy_gradient,wgan_gp --out benchmarks/results/text/grammar \
		--runs runs/text_benchmark
	$(BIN)/python benchmarks/speech.py --out benchmarks/results/speech/vowels --runs runs/speech_benchmark
	$(BIN)/python benchmarks/frames.py --out benchmarks/results/frames --runs runs/frames_benchmark
	$(BIN)/python benchmarks/scaling.py --out benchmarks/results/scaling
	$(BIN)/python benchmarks/fuzz.py --out benchmarks/results/fuzz
	$(BIN)/python benchmarks/faults.py --out benchmarks/results/faults
	$(BIN)/python benchmarks/memory.py --out benchmarks/results/memory
	$(BIN)/python benchmarks/apply_memory.py --out benchmarks/results/apply_memory
	$(BIN)/python benchmarks/steps.py --out benchmarks/results/steps
	$(BIN)/python benchmarks/step_profile.py --out benchmarks/results/step_profile
	$(BIN)/python benchmarks/inference.py --out benchmarks/results/inference
	$(BIN)/python benchmarks/zoo.py --out benchmarks/results/zoo --runs runs/zoo
	$(BIN)/python benchmarks/published.py

# The feature networks against their PyTorch references, in an environment of its own.
parity: .venv-parity/installed
	.venv-parity/bin/python -m pytest -s tests/parity

.venv-parity/installed: setup.cfg pyproject.toml tests/parity/requirements.txt tests/parity/references.txt
	$(PYTHON) -m venv .venv-parity
	.venv-parity/bin/python -m pip install --quiet --upgrade pip
	.venv-parity/bin/python -m pip install --quiet --requirement tests/parity/requirements.txt \
		--editable '.[test]'
	.venv-parity/bin/python -m pip install --quiet --no-deps --requirement tests/parity/references.txt
	touch $@

clean:
	rm -rf $(VENV) .venv-oldest .venv-parity build *.egg-info
