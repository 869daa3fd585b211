# Analyses over the cells of all experiments: a table each.


rule extrapolation_table:
    input:
        unpack(inputs("extrapolation_table")),
    output:
        table="results/tables/extrapolation.csv",
    log:
        "results/logs/extrapolation_table.log",
    benchmark:
        "results/benchmarks/extrapolation_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("extrapolation_table"),
        runtime=runtime("extrapolation_table"),
    params:
        spec=spec("extrapolation_table"),
    message:
        "Predicting the two largest sizes from the smaller ones"
    script:
        "../../scripts/analyses/extrapolate.py"


rule error_budget_table:
    input:
        unpack(inputs("error_budget_table")),
    output:
        table="results/tables/error_budget.csv",
    log:
        "results/logs/error_budget_table.log",
    benchmark:
        "results/benchmarks/error_budget_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("error_budget_table"),
        runtime=runtime("error_budget_table"),
    params:
        spec=spec("error_budget_table"),
    message:
        "Splitting risks into approximation, estimation and optimization"
    script:
        "../../scripts/analyses/budget_errors.py"


rule falsifiability_table:
    input:
        unpack(inputs("falsifiability_table")),
    output:
        table="results/tables/falsifiability.csv",
    log:
        "results/logs/falsifiability_table.log",
    benchmark:
        "results/benchmarks/falsifiability_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("falsifiability_table"),
        runtime=runtime("falsifiability_table"),
    params:
        spec=spec("falsifiability_table"),
    message:
        "Mapping where the bound can be contradicted"
    script:
        "../../scripts/analyses/map_falsifiability.py"


rule tournament_table:
    input:
        unpack(inputs("tournament_table")),
    output:
        table="results/tables/tournament.csv",
    log:
        "results/logs/tournament_table.log",
    benchmark:
        "results/benchmarks/tournament_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("tournament_table"),
        runtime=runtime("tournament_table"),
    params:
        spec=spec("tournament_table"),
    message:
        "Predicting left-out slopes from four dimensions"
    script:
        "../../scripts/analyses/run_tournament.py"


rule meta_regression_table:
    input:
        unpack(inputs("meta_regression_table")),
    output:
        table="results/tables/meta_regression.csv",
    log:
        "results/logs/meta_regression_table.log",
    benchmark:
        "results/benchmarks/meta_regression_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("meta_regression_table"),
        runtime=runtime("meta_regression_table"),
    params:
        spec=spec("meta_regression_table"),
    message:
        "Regressing measured on predicted slopes"
    script:
        "../../scripts/analyses/regress_slopes.py"


rule cold_start_table:
    input:
        unpack(inputs("cold_start_table")),
    output:
        table="results/tables/cold_start.csv",
    log:
        "results/logs/cold_start_table.log",
    benchmark:
        "results/benchmarks/cold_start_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("cold_start_table"),
        runtime=runtime("cold_start_table"),
    params:
        spec=spec("cold_start_table"),
    message:
        "Comparing new users and items with seen ones"
    script:
        "../../scripts/analyses/compare_seen.py"


rule lemmas_table:
    output:
        table="results/tables/lemmas.csv",
    log:
        "results/logs/lemmas_table.log",
    benchmark:
        "results/benchmarks/lemmas_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("lemmas_table"),
        runtime=runtime("lemmas_table"),
    params:
        spec=spec("lemmas_table"),
    message:
        "Trying the lemmas on random networks"
    script:
        "../../scripts/analyses/check_lemmas.py"


rule methods_table:
    input:
        unpack(inputs("methods_table")),
    output:
        table="results/tables/methods.csv",
    log:
        "results/logs/methods_table.log",
    benchmark:
        "results/benchmarks/methods_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("methods_table"),
        runtime=runtime("methods_table"),
    params:
        spec=spec("methods_table"),
    message:
        "Comparing other methods with towers"
    script:
        "../../scripts/analyses/compare_methods.py"


rule newcomers_table:
    input:
        unpack(inputs("newcomers_table")),
    output:
        table="results/tables/newcomers.csv",
    log:
        "results/logs/newcomers_table.log",
    benchmark:
        "results/benchmarks/newcomers_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("newcomers_table"),
        runtime=runtime("newcomers_table"),
    params:
        spec=spec("newcomers_table"),
    message:
        "Comparing new with known users and items, by method"
    script:
        "../../scripts/analyses/compare_newcomers.py"


rule levels_table:
    input:
        unpack(inputs("levels_table")),
    output:
        table="results/tables/levels.csv",
    log:
        "results/logs/levels_table.log",
    benchmark:
        "results/benchmarks/levels_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("levels_table"),
        runtime=runtime("levels_table"),
    params:
        spec=spec("levels_table"),
    message:
        "Comparing risks with what is predicted of them"
    script:
        "../../scripts/analyses/compare_levels.py"


rule clicks_table:
    input:
        unpack(inputs("clicks_table")),
    output:
        table="results/tables/clicks.csv",
        curves="results/tables/click_curves.csv",
    log:
        "results/logs/clicks_table.log",
    benchmark:
        "results/benchmarks/clicks_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("clicks_table"),
        runtime=runtime("clicks_table"),
    params:
        spec=spec("clicks_table"),
    message:
        "Measuring laws of clicks, lists, floors and in-batch candidates"
    script:
        "../../scripts/analyses/table_clicks.py"


rule click_claims_table:
    input:
        unpack(inputs("click_claims_table")),
    output:
        table="results/tables/click_claims.csv",
    log:
        "results/logs/click_claims_table.log",
    benchmark:
        "results/benchmarks/click_claims_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("click_claims_table"),
        runtime=runtime("click_claims_table"),
    params:
        spec=spec("click_claims_table"),
    message:
        "Judging the claims on clicks"
    script:
        "../../scripts/analyses/judge_clicks.py"
