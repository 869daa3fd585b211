# Rates of convergence of two-tower recommenders: data with known truth → towers → risks →
# rates → claims, figures and tables. Run `snakemake` for the default study (config.yaml), or
# `snakemake --config study=workflow/studies/tiny.yaml` for another one; an experiment's name, such
# as `snakemake smoothness`, runs what that experiment needs and no more.

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/hooks.smk"
include: "workflow/rules/failures.smk"
include: "workflow/rules/predictions.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/rates.smk"
include: "workflow/rules/analyses.smk"
include: "workflow/rules/ranking.smk"
include: "workflow/rules/components.smk"
include: "workflow/rules/two_stages.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/targets.smk"


if REAL.places:

    include: "workflow/rules/real.smk"


if DIAGNOSIS:

    include: "workflow/rules/diagnose.smk"

    rule diagnose:
        input:
            expand(rules.judge_diagnosis.output, subject=DIAGNOSIS.subject),
            expand(rules.picture_diagnosis.output, subject=DIAGNOSIS.subject),
        localrule: True


localrules:
    all,
    index,


rule all:
    default_target: True
    input:
        rules.index.output,
        rules.predictions.output,
        rules.combine_rates.output,
        rules.claims.output,
        rules.tables.output,
        expand("results/tables/{table}.csv", table=JOBS.tables),
        expand(rules.draw_experiment.output, experiment=EXPERIMENTS),
        expand(rules.draw_figure.output, figure=JOBS.figures),


# The Snakemake inside a cluster's job runs its rules itself: without this it would start another
# Snakemake for them, as a step of the job, which takes seconds of every job.
if workflow.remote_exec:
    workflow.localrules(*(rule.name for rule in workflow.rules))


onstart:
    if not workflow.local_exec:
        check_submission()
    note_run()
    tell_costs()
    compile_loops()


onsuccess:
    show_results()


onerror:
    show_failures()
