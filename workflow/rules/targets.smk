# A target for every experiment of the study and for every analysis: `snakemake approximation`.

for experiment in EXPERIMENTS:

    rule:
        name:
            experiment
        input:
            expand(
                "results/figures/{experiment}.{format}",
                experiment=experiment,
                format=FORMATS,
            ),
            f"results/rates/{experiment}/rates.csv",
        localrule: True


for figure, tables in FIGURE_TABLES.items():
    if not tables:
        continue

    rule:
        name:
            figure
        input:
            expand("results/figures/{figure}.{format}", figure=figure, format=FORMATS),
            expand("results/tables/{table}.csv", table=tables),
        localrule: True
