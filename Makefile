# Everyday commands; `make help` lists them. Nothing here needs root.

PYTHON ?= python3
STUDY ?= config.yaml
INSTANTS ?= 50
SEED ?= 1
VENV := .venv
BIN := $(VENV)/bin
# Progress bars in a terminal; a line for each job elsewhere.
PROGRESS := $(shell test -t 2 && echo --logger rich)
SNAKEMAKE := SHOW_RESULTS=no $(BIN)/snakemake $(PROGRESS) --config study=$(STUDY) $(if $(PROFILE),--workflow-profile $(PROFILE))
# Of the study that is named, else of the last run's.
RESUME := SHOW_RESULTS=no $(BIN)/python scripts/resume.py $(if $(filter-out file,$(origin STUDY)),$(STUDY)) $(if $(PROFILE),--profile $(PROFILE)) $(PROGRESS)
SHOW := $(BIN)/python scripts/show_results.py results/tables/*.* results/figures/*.*

.DEFAULT_GOAL := study
.PHONY: study resume faults claims preregister seal verify audit audit-vary audit-selftest export check-crate validate-crate plan plan-data backtest paper findings help test check format schema report doctor bench bench-streaming bench-planning bench-retrieval lock clean

study: $(VENV)/installed  ## run the study (STUDY=config.yaml) and print its ledger of claims
	@$(BIN)/python scripts/resume.py $(STUDY) --check
	@$(SNAKEMAKE)
	@$(SHOW)

resume: $(VENV)/installed  ## after any fault: unlock, clean up, make anew what changed, carry on
	@$(RESUME)
	@test ! -e results/tables/claims.csv || $(SHOW)

claims: $(VENV)/installed  ## print the ledger of the last run again
	@$(SHOW)

# An option for a variable that was given, empty or not; its value as it was typed, since no quote or
# dollar in it means anything. ENV is a variable of some shells: theirs does not count.
quote = '$(subst ','\'',$(1))'
is_given = $(filter $(if $(filter ENV,$(1)),command,command environment),$(firstword $(origin $(1))))
given = $(if $(call is_given,$(1)),--$(2) $(call quote,$(value $(1))))
kinds = $(if $(call is_given,$(1)),--$(2) $(foreach word,$(value $(1)),$(call quote,$(word))))

preregister: $(VENV)/installed  ## state study, rules and predictions before the run [STUDY= KEY=ssh key TSA=address TSA_CA=pem]
	@$(BIN)/python scripts/preregister.py $(call quote,$(value STUDY)) $(call given,KEY,key) $(call given,TSA,tsa) \
	  $(call given,TSA_CA,tsa-ca)

seal: $(VENV)/installed  ## list the finished study with all hashes under one root [STUDY= KEY=ssh key to sign with]
	@$(BIN)/python scripts/seal.py $(if $(filter-out file,$(origin STUDY)),$(call quote,$(value STUDY))) $(call given,KEY,key)

verify: $(VENV)/installed  ## is all as it was made and sealed? [FOLDER= SIGNERS=allowed_signers ROOT=noted elsewhere TSA_CA= WITHOUT=]
	@$(BIN)/python scripts/verify.py $(call given,FOLDER,folder) $(call given,SIGNERS,signers) $(call given,ROOT,root) \
	  $(call given,TSA_CA,tsa-ca) $(call kinds,WITHOUT,without)

export: $(VENV)/installed  ## the sealed study as a research object: crate, codecheck.yml, checklists [TO=results-crate WITHOUT="data weights" ZIP=yes]
	@$(BIN)/python scripts/export.py $(if $(TO),"$(TO)") $(if $(ZIP),--zip) $(call kinds,WITHOUT,without)

# Inside a crate it is the crate itself; -B leaves no compiled code in it. The check needs no package.
CRATE := "$(or $(TO),$(if $(wildcard ro-crate-metadata.json),.,results-crate))"

check-crate:  ## does a crate hold the bytes that its graph and seal say? [TO=results-crate SHA256=hex noted elsewhere]
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -B scripts/check_crate.py $(CRATE) $(if $(SHA256),--sha256 $(SHA256))

validate-crate: $(VENV)-validator/installed  ## does it pass the public validator of its profile? offline [TO=results-crate]
	@$(VENV)-validator/bin/python -B scripts/validate_crate.py $(CRATE)

audit: $(VENV)/installed  ## does it come out again? [FOLDER= SAMPLE=n NONCE=text ENV=.venv ROOT= …: docs/audits-rerun.md]
	@$(BIN)/python scripts/audit.py $(call given,FOLDER,folder) $(call given,SAMPLE,sample) $(call given,NONCE,nonce) \
	  $(call given,ENV,env) $(call given,WHEELS,wheels) $(call given,FRESH,fresh) $(call given,PROJECT,project) \
	  $(call given,SIGNERS,signers) $(call given,ROOT,root) $(call given,FRESH_SEEDS,fresh-seeds) \
	  $(call kinds,WITHOUT,without)

audit-vary: $(VENV)/installed  ## the tiny study in other folders, locales, time zones, … (docs/audits-vary.md), half an hour
	@$(BIN)/python scripts/audit_vary.py

plan: $(VENV)/installed  ## what the study will cost: core hours, GPU hours, jobs
	@$(BIN)/python scripts/plan.py $(STUDY)

plan-data: $(VENV)/installed  ## ratings, width and depth for a wanted error: TARGET=0.05 [RISKS=FILE CELL= ARM= METHOD= FLOOR= AT=]
	@$(if $(TARGET),,$(error plan-data needs the wanted error, in the unit of the errors: make plan-data TARGET=0.05))
	@$(BIN)/python scripts/plan_data.py $(TARGET) $(if $(RISKS),"$(RISKS)") $(if $(CELL),--cell $(CELL)) $(if $(ARM),--arm $(ARM)) \
	  $(if $(METHOD),--method $(METHOD)) $(if $(FLOOR),--floor $(FLOOR)) $(if $(AT),--at $(AT))

backtest: $(VENV)/installed  ## do plan-data's intervals hold? on synthetic curves, and on the last run's or RISKS=FILE
	@$(BIN)/python benchmarks/backtest.py $(RISKS)

paper: STUDY := workflow/studies/paper.yaml
paper: plan study  ## run the study of paper scale: `make plan STUDY=workflow/studies/paper.yaml` first

findings: $(VENV)/installed  ## copy a finished study's tables and figures to docs/findings
	$(BIN)/python scripts/publish_findings.py $(STUDY) docs/findings

doctor:  ## what a bug report needs, and what is missing on this machine
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) scripts/doctor.py $(STUDY)

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 17

$(VENV)/installed: envs/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another one: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV): 1.3 GB, a minute or more ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

$(VENV)/installed-dev: $(VENV)/installed envs/requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-dev.txt
	touch $@

$(VENV)-validator/installed: envs/requirements-validator.txt
	$(PYTHON) -m venv $(VENV)-validator
	$(VENV)-validator/bin/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-validator.txt
	touch $@

# Three on two cores as well: what runs on Slurm waits half its time.
test: $(VENV)/installed-dev $(VENV)-validator/installed  ## run all tests, three at a time
	$(BIN)/python -m pytest -n 3

faults: $(VENV)/installed-dev  ## kill, fill, cut and flip at INSTANTS=50 random instants; about an hour
	$(BIN)/python tests/faults/fault_campaign.py --instants $(INSTANTS) --seed $(SEED)

audit-selftest: $(VENV)/installed  ## plant every cheat in a finished tiny study: who names it?
	@$(BIN)/python tests/audits/selftest.py

check: $(VENV)/installed-dev  ## lint and format checks, without changing anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: $(VENV)/installed-dev  ## put code into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

schema: $(VENV)/installed  ## write the JSON schema of study files from the models
	PYTHONPATH=scripts $(BIN)/python -m twotower.config > workflow/schemas/study.schema.json

report: study  ## build report.html, one file with figures, tables and captions
	$(SNAKEMAKE) --report report.html

bench: $(VENV)/installed  ## measure speed, each figure as a ratio (docs/benchmarks.md)
	$(BIN)/python benchmarks/run.py

bench-streaming: $(VENV)/installed  ## measure memory and time by the number of ratings (half an hour)
	$(BIN)/python benchmarks/streaming.py

bench-planning: $(VENV)/installed  ## measure what planning a large study costs (docs/scale.md)
	$(BIN)/python benchmarks/planning.py

bench-retrieval: $(VENV)/installed  ## measure search in catalogues of up to 10^6 items (docs/retrieval.md)
	$(BIN)/python benchmarks/retrieval.py

lock:  ## pin anew what envs/*.in name, from fresh environments
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	for name in requirements requirements-dev requirements-validator; do \
	  if [ $$name = requirements-validator ]; then rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock; fi; \
	  $(VENV)-lock/bin/python -m pip install --quiet -r envs/$$name.in && \
	  { echo "# Exact pins of everything in $$name.in and what it needs; made by \`make lock\`."; \
	    $(VENV)-lock/bin/python -m pip freeze | sed 's/+cpu//'; } > envs/$$name.txt || exit 1; \
	done
	rm -rf $(VENV)-lock

clean:  ## remove results; the environment stays
	rm -rf results results-crate results-crate.zip report.html .snakemake
