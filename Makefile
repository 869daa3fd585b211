# Everyday commands; `make help` lists them. Nothing here needs root.
#
# Names in capitals are for you to give: make STUDY=mine.yaml. Names in small letters are this file's own.
# A value reaches its program as it was typed: no space, quote, dollar or star in it means anything to make or the
# shell. A recipe asks for values by these four alone, and tests/unit/test_makefile.py tries all of them; each refuses
# a value that is empty, which would do nothing where its user means something:
#   $(call typed,NAME)         VALUE, given or by default
#   $(call given,NAME)         VALUE, where it was given
#   $(call option,NAME,name)   --name=VALUE, where it was given
#   $(call options,NAME,name)  --name and each word of VALUE, where it was given

PYTHON ?= python3
STUDY ?= config.yaml
venv := .venv
bin := $(venv)/bin

define line_break


endef
quote = '$(subst ','\'',$(1))'
some = $(if $(strip $(value $(1))),,$(error $(1)= is empty; allowed: a value; leave $(1)= out if you do not need it))
typed = $(some)$(if $(findstring $(line_break),$(value $(1))),$(error $(1) holds a line break; allowed: one line),$(call quote,$(value $(1))))
# ENV is a variable of some shells: theirs does not count.
is_given = $(filter $(if $(filter ENV,$(1)),command,command environment),$(firstword $(origin $(1))))
given = $(if $(call is_given,$(1)),$(call typed,$(1)))
option = $(if $(call is_given,$(1)),--$(2)=$(call typed,$(1)))
options = $(if $(call is_given,$(1)),$(some)--$(2) $(foreach each,$(value $(1)),$(call quote,$(each))))
# New names belong here too: make would expand the dollars in their values to export them to programs.
unexport ARM AT BATCH_SIZE CELL CRATE_PROFILE DEPTH EMBEDDING_DIM ENV ERROR FLOOR FOLDER FRESH FRESH_SEEDS INSTANTS KEY LEARNING_RATE
unexport METHOD MOST NONCE PROFILE PROJECT PYTHON RATINGS RISKS ROOT SAMPLE SEED SEEDS SHA256 SPLITS STEPS WIDTH
unexport SIGNERS STUDY TARGET TO TSA TSA_CA WHEELS WHERE WITH WITHOUT ZIP

# Progress bars in a terminal; a line for each job elsewhere.
progress := $(shell test -t 2 && echo --logger=rich)
run = SHOW_RESULTS=no $(bin)/python scripts/run.py $(progress) $(call option,PROFILE,profile)
show := $(bin)/python scripts/show_results.py results/tables/*.* results/figures/*.*
# Only files whose hashes a lock holds. Where pip finds the CUDA build of torch alone, as on most Linux machines, the
# first lock is refused for torch's hash, and the other one holds that build with all that it needs.
pip := -m pip install --quiet --disable-pip-version-check --require-hashes
# What runs before anything is installed.
any_python = $(if $(wildcard $(bin)/python),$(bin)/python,$(call typed,PYTHON))

.DEFAULT_GOAL := study
.PHONY: study resume faults claims preregister seal verify audit audit-vary audit-selftest export check-crate validate-crate plan widths predictions plan-data diagnose backtest paper findings readme help test check format schema report doctor bench bench-throughput bench-streaming bench-planning bench-costs bench-retrieval lock clean

study: $(venv)/installed  ## run the study (STUDY=config.yaml) and print its ledger of claims
	@$(run) -- $(call typed,STUDY)
	@$(show)

resume: $(venv)/installed  ## after any fault: unlock, clean up, make anew what changed, carry on
	@SHOW_RESULTS=no $(bin)/python scripts/resume.py $(progress) $(call option,PROFILE,profile) -- $(call given,STUDY)
	@test ! -e results/tables/claims.csv || $(show)

claims: $(venv)/installed  ## print the ledger of the last run again
	@$(show)

preregister: $(venv)/installed  ## state study, rules and predictions before the run [STUDY= KEY=ssh key TSA=address TSA_CA=pem]
	@$(bin)/python scripts/preregister.py $(call option,KEY,key) $(call option,TSA,tsa) $(call option,TSA_CA,tsa-ca) -- $(call typed,STUDY)

seal: $(venv)/installed  ## list the finished study with all hashes under one root [STUDY= KEY=ssh key to sign with]
	@$(bin)/python scripts/seal.py $(call option,KEY,key) -- $(call given,STUDY)

verify: $(venv)/installed  ## is all as it was made and sealed? [FOLDER= SIGNERS=allowed_signers ROOT=noted elsewhere TSA_CA= WITHOUT=]
	@$(bin)/python scripts/verify.py $(call option,FOLDER,folder) $(call option,SIGNERS,signers) $(call option,ROOT,root) \
	  $(call option,TSA_CA,tsa-ca) $(call options,WITHOUT,without)

export: $(venv)/installed  ## the sealed study as a research object: crate, codecheck.yml, checklists [TO=results-crate WITHOUT="data weights" ZIP=yes CRATE_PROFILE=0.5]
	@$(bin)/python scripts/export.py $(call option,ZIP,zip) $(call option,CRATE_PROFILE,profile) $(call options,WITHOUT,without) -- $(call given,TO)

# Inside a crate it is the crate itself; -B leaves no compiled code in it. The check needs no package.
crate = $(or $(call given,TO),$(if $(wildcard ro-crate-metadata.json),.,results-crate))

check-crate:  ## does a crate hold the bytes that its graph and seal say? [TO=results-crate SHA256=hex noted elsewhere]
	@$(any_python) -B scripts/check_crate.py $(call option,SHA256,sha256) -- $(crate)

validate-crate: $(venv)-validator/installed  ## does it keep the rules of its profile and of croissant.json? public validators, offline [TO=results-crate]
	@$(venv)-validator/bin/python -B scripts/validate_crate.py -- $(crate)

audit: $(venv)/installed  ## does it come out again? [FOLDER= SAMPLE=n NONCE=text ENV=.venv ROOT= …: docs/audits-rerun.md]
	@$(bin)/python scripts/audit.py $(call option,FOLDER,folder) $(call option,SAMPLE,sample) $(call option,NONCE,nonce) \
	  $(call option,ENV,env) $(call option,WHEELS,wheels) $(call option,FRESH,fresh) $(call option,PROJECT,project) \
	  $(call option,SIGNERS,signers) $(call option,ROOT,root) $(call option,FRESH_SEEDS,fresh-seeds) \
	  $(call options,WITHOUT,without)

audit-vary: $(venv)/installed  ## the tiny study in other folders, locales, time zones, … (docs/audits-vary.md), half an hour
	@$(bin)/python scripts/audit_vary.py

plan: $(venv)/installed  ## what the study, or a run on real ratings, will cost: core hours, jobs, memory [RATINGS=PATH WITH='real_splits=5 …']
	@$(bin)/python scripts/plan.py $(call option,RATINGS,ratings) $(call options,WITH,with) -- $(call typed,STUDY)

widths: $(venv)/installed  ## the widths that predicted risks choose for the study's towers, as lines for its file
	@$(bin)/python scripts/choose_widths.py -- $(call typed,STUDY)

predictions: $(venv)/installed  ## risks due on every target, before any training [STUDY= TO=docs/findings/predictions.csv]
	@$(bin)/python scripts/predict_risks.py -- $(call typed,STUDY) $(call given,TO)

plan-data: $(venv)/installed  ## ratings, width and depth for a wanted error: TARGET=0.05 [RISKS=FILE CELL= ARM= METHOD= WHERE='column=value; …' ERROR=column FLOOR= AT=]
	@$(if $(call is_given,TARGET),,$(error plan-data needs the wanted error, in the unit of the errors: make plan-data TARGET=0.05))
	@$(bin)/python scripts/plan_data.py $(call option,CELL,cell) $(call option,ARM,arm) $(call option,METHOD,method) \
	  $(call option,WHERE,where) $(call option,ERROR,error) $(call option,FLOOR,floor) $(call option,AT,at) \
	  -- $(call typed,TARGET) $(call given,RISKS)

diagnose: $(venv)/installed  ## what limits my recommender? RATINGS=FOLDER, or CELL= of STUDY= [WIDTH= EMBEDDING_DIM= STEPS= …: docs/diagnose.md]
	@$(bin)/python scripts/diagnose.py --study=$(call typed,STUDY) $(call option,CELL,cell) $(call option,PROFILE,profile) \
	  $(call option,WIDTH,width) $(call option,DEPTH,depth) $(call option,EMBEDDING_DIM,embedding-dim) \
	  $(call option,STEPS,steps) $(call option,BATCH_SIZE,batch-size) $(call option,LEARNING_RATE,learning-rate) \
	  $(call option,SPLITS,splits) $(call option,SEEDS,seeds) $(call option,MOST,most) -- $(call given,RATINGS)

backtest: $(venv)/installed  ## do plan-data's intervals hold? on synthetic curves, and on the last run's or RISKS=FILE
	@$(bin)/python benchmarks/backtest.py $(call given,RISKS)

paper: STUDY := workflow/studies/paper.yaml
paper: plan study  ## run the study of paper scale: `make plan STUDY=workflow/studies/paper.yaml` first

findings: $(venv)/installed  ## publish a finished study's tables, figures and risks in docs/findings/<its name>
	@$(bin)/python scripts/publish_findings.py -- $(call typed,STUDY)

readme: $(venv)/installed  ## write README's ledger and picture from docs/findings/default and docs/findings/standard
	@$(bin)/python scripts/write_readme.py

doctor:  ## what a bug report needs, and what is missing on this machine
	@$(any_python) scripts/doctor.py $(call typed,STUDY)

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 17

$(venv)/installed: envs/requirements.txt envs/requirements-cuda.txt
	@$(call typed,PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another one: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(venv): 1.3 GB, a minute or more ..."
	@$(call typed,PYTHON) -m venv $(venv)
	@$(bin)/python $(pip) -r envs/requirements.txt 2>$(venv)/pip.log || { grep -q torch== $(venv)/pip.log && \
	  $(bin)/python $(pip) -r envs/requirements-cuda.txt; } || { cat $(venv)/pip.log >&2; exit 1; }
	touch $@

$(venv)/installed-dev: $(venv)/installed envs/requirements-dev.txt
	$(bin)/python $(pip) -r envs/requirements-dev.txt
	touch $@

$(venv)-validator/installed: envs/requirements-validator.txt
	$(call typed,PYTHON) -m venv $(venv)-validator
	$(venv)-validator/bin/python $(pip) -r envs/requirements-validator.txt
	touch $@

# For benchmarks alone: what users might pick instead.
$(venv)-jax/installed: envs/requirements-jax.txt
	$(call typed,PYTHON) -m venv $(venv)-jax
	$(venv)-jax/bin/python $(pip) -r envs/requirements-jax.txt
	touch $@

# Three on two cores as well: what runs on Slurm waits half its time.
test: $(venv)/installed-dev $(venv)-validator/installed  ## run all tests, three at a time
	$(bin)/python -m pytest -n 3

faults: $(venv)/installed-dev  ## kill, fill, cut and flip at INSTANTS=50 random instants; about an hour
	$(bin)/python tests/faults/fault_campaign.py $(call option,INSTANTS,instants) $(call option,SEED,seed)

audit-selftest: $(venv)/installed  ## plant every cheat in a finished tiny study: who names it?
	@$(bin)/python tests/audits/selftest.py

check: $(venv)/installed-dev  ## lint and format checks, without changing anything
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/snakefmt --check Snakefile workflow
	$(bin)/python -m snakemake --lint
	$(bin)/python scripts/write_readme.py --check

format: $(venv)/installed-dev  ## put code into the project's format
	$(bin)/ruff check --fix .
	$(bin)/ruff format .
	$(bin)/snakefmt Snakefile workflow

schema: $(venv)/installed  ## write from the models what studies hold: the JSON schema, and config/README.md
	PYTHONPATH=scripts $(bin)/python -m twotower.study.schema > workflow/schemas/study.schema.json
	PYTHONPATH=scripts $(bin)/python -m twotower.study.key_page > config/README.md

report: study  ## build report.html, one file with figures, tables and captions
	$(run) --report=report.html -- $(call typed,STUDY)

bench: $(venv)/installed  ## measure speed, each figure as a ratio (docs/benchmarks.md)
	$(bin)/python benchmarks/run.py
	$(bin)/python benchmarks/throughput.py

bench-throughput: $(venv)/installed  ## measure steps and fits beside PyTorch and JAX (make .venv-jax/installed)
	$(bin)/python benchmarks/throughput.py

bench-streaming: $(venv)/installed  ## measure memory and time by the number of ratings (half an hour)
	$(bin)/python benchmarks/streaming.py

bench-planning: $(venv)/installed  ## measure what planning a large study costs (docs/scale.md)
	$(bin)/python benchmarks/planning.py

bench-costs: $(venv)/installed  ## measure single fits beside what the plan predicts (docs/benchmarks.md)
	$(bin)/python benchmarks/costs.py

bench-retrieval: $(venv)/installed  ## measure search in catalogues of up to 10^6 items (docs/retrieval.md)
	$(bin)/python benchmarks/retrieval.py

lock:  ## pin anew what envs/*.in name, with the hashes of all files
	rm -rf $(venv)-lock && $(call typed,PYTHON) -m venv $(venv)-lock
	$(venv)-lock/bin/python -m pip install --quiet uv==0.13.9
	$(venv)-lock/bin/python -B scripts/lock_packages.py
	rm -rf $(venv)-lock

clean:  ## remove results; the environment stays
	rm -rf results results-crate results-crate.zip report.html .snakemake
