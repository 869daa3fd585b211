# Rates of convergence of two-tower recommenders: data with known truth → towers → risks →
# rates → figures and tables. Run `snakemake` for the default study (config.yaml), or
# `snakemake --config study=workflow/studies/tiny.yaml` for another one.

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/rates.smk"
include: "workflow/rules/paper.smk"


localrules:
    all,
    index,


rule all:
    default_target: True
    input:
        rules.index.output,
        rules.figures.output,
        rules.tables.output,


onsuccess:
    show_results()
