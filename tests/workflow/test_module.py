"""Another workflow imports this one, with a study of its own and a folder for its results."""

import pytest
import yaml

from conftest import MICRO, Project

pytestmark = pytest.mark.xdist_group("workflow")

IMPORTS = """
configfile: "config.yaml"
module rates:
    snakefile: {snakefile!r}
    config: config["rates"]
    prefix: "towers"
use rule * from rates as rates_*
rule all:
    default_target: True
    input: "mine.txt"
rule mine:
    input: rules.rates_combine_rates.output
    output: "mine.txt"
    shell: "cp {{input}} {{output}}"
"""


@pytest.fixture
def importing(project, tmp_path):
    """A workflow elsewhere that imports the project by its path."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    text = IMPORTS.format(snakefile=str(project.folder / "Snakefile"))
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    (folder / "config.yaml").write_text(yaml.safe_dump({"rates": MICRO, "results": "its own"}))
    return Project(folder)


def below(made: dict[str, bytes], names: dict[str, bytes]) -> dict[str, bytes]:
    """Those of `made` that `names` has too, but for the environments' records."""
    return {name: made[name] for name in names if not name.startswith("records/environments/")}


def test_a_module_makes_the_same_bytes_in_its_own_folder(importing, project, finished):
    done = importing.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in importing.folder.iterdir() if path.name[0] != "."} == {
        "Snakefile", "config.yaml", "mine.txt", "towers",
    }  # fmt: skip
    assert not (project.folder / "results").exists()
    own = Project(importing.folder / "towers").made()
    assert {"tables/rates.csv", "records/tables/rates.csv.json"} <= own.keys()
    assert below(own, own) == below(finished.made(), own)
    assert (importing.folder / "mine.txt").read_bytes() == own["tables/rates.csv"]
    assert importing.planned("--cores", "2") == {}


def test_a_modules_whole_study_is_planned_and_its_faults_are_told(importing):
    jobs = importing.planned("rates_all", "--cores", "2")
    assert jobs["rates_train"] == 4 and jobs["rates_claims"] == jobs["rates_tables"] == 1
    width = {"width": {"schedule": "fixed", "units": 0}}
    study = {"rates": MICRO | {"defaults": width, "sed": 1}}
    (importing.folder / "config.yaml").write_text(yaml.safe_dump(study))
    done = importing.snakemake("--cores", "2")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "config of the module: 2 problems" in done.stderr
    assert "defaults.width.units: 0 is too small" in done.stderr and "seed" in done.stderr
