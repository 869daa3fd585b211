"""The workflow's rules, read as text, are those that Snakemake knows."""

from pathlib import Path

from twotower.records import code_digest, workflow_rules

ROOT = Path(__file__).parents[3]
RULES = workflow_rules.read(ROOT)


def test_every_rule_with_a_script_is_read_whole():
    scripts = code_digest.scripts(ROOT)
    assert {name: rule.script for name, rule in RULES.items()} == {
        name: f"scripts/{script}" for name, script in scripts.items()
    }
    for rule in RULES.values():
        assert (ROOT / rule.script).is_file() and (ROOT / rule.file).is_file()
        assert rule.message and rule.outputs and rule.benchmark, rule.name


def test_outputs_are_named_and_wildcards_found():
    train = RULES["train"]
    outputs = ["results/runs/ab/0.losses.csv", "results/runs/ab/0.safetensors"]
    assert [train.output_name(path) for path in outputs] == ["losses", "weights"]
    assert train.wildcards(outputs) == {"run": "ab", "block": "0"}
    assert train.said({"run": "ab", "block": "0"}) == "Training towers, run ab, block 0"
    assert train.timed({"run": "ab", "block": "0"}) == "results/benchmarks/train/ab-0.tsv"


def test_nameless_outputs_are_called_by_their_suffix_and_strangers_output():
    drawn = RULES["draw_figure"]
    assert drawn.output_name("results/figures/x.svg") == "svg"
    assert drawn.output_name("elsewhere/x.svg") == "output"
    assert RULES["claims"].output_name("results/tables/claims.csv") == "claims"  # report(…)
