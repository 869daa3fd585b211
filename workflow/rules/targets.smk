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


for figure, table in TARGET_FIGURES.items():

    rule:
        name:
            figure
        input:
            expand("results/figures/{figure}.{format}", figure=figure, format=FORMATS),
            f"results/tables/{table}.csv",
        localrule: True
