"""Another workflow imports this one, with a study of its own and a folder for its results."""

import pytest
import yaml
from copies import ALONE, MICRO, Project

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
    """A workflow elsewhere that imports the project by its path, with the first cell's study."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    text = IMPORTS.format(snakefile=str(project.folder / "Snakefile"))
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    give(folder, MICRO | ALONE)
    return Project(folder)


def give(folder, study):
    """Let the study be a block of the importing workflow's configuration."""
    (folder / "config.yaml").write_text(yaml.safe_dump({"rates": study, "name": "importing"}))


def test_a_module_makes_the_same_bytes_in_its_own_folder(importing, project, finished):
    done = importing.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in importing.folder.iterdir() if path.name[0] != "."} == {
        "Snakefile", "config.yaml", "mine.txt", "towers",
    }  # fmt: skip
    assert not (project.folder / "results").exists()
    own, alone = Project(importing.folder / "towers").made(), finished.made()
    assert (importing.folder / "mine.txt").read_bytes() == own["tables/rates.csv"]
    shared = {name for name in own.keys() & alone if not name.startswith("records/environments")}
    kinds = {name.removeprefix("records/").split("/")[0] for name in shared}
    assert {"data", "references", "risks", "runs"} <= kinds
    # rates are of one cell here, of two there
    differ = {name for name in shared if own[name] != alone[name]}
    assert differ <= {"tables/rates.csv", "records/tables/rates.csv.json"}
    assert importing.planned("--cores", "2") == {}


def test_a_modules_whole_study_is_planned_and_its_faults_are_told(importing):
    give(importing.folder, MICRO)
    jobs = importing.planned("rates_all", "--cores", "2")
    assert jobs["rates_train"] == 4 and jobs["rates_claims"] == jobs["rates_tables"] == 1
    width = {"width": {"schedule": "fixed", "units": 0}}
    give(importing.folder, MICRO | {"defaults": width, "sed": 1})
    done = importing.snakemake("--cores", "2")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "config of the module: 2 problems" in done.stderr
    assert "defaults.width.units: 0 is too small" in done.stderr


def test_the_catalogues_snakefile_plans_the_same(project):
    study = ("--config", "study=study.yaml")
    assert project.planned("--snakefile", "workflow/Snakefile", *study) == project.planned(*study)
