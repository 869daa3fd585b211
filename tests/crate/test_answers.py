"""codecheck.yml and the checklists hold what the planted study says, and no more."""

from pathlib import Path

import pytest
import yaml

import planted_study as planted
from twotower.audits import exporting
from twotower.audits.crate import citation
from twotower.audits.crate_check import check
from twotower.base import places

OWN = """
preferred-citation:
  type: article
  title: A paper
  doi: 10.5555/1
  authors: [{given-names: Ada, family-names: Byron, orcid: "https://orcid.org/0000-0002-1825-0097"}]
"""


def codecheck() -> tuple[str, dict]:
    exporting.export(Path("crate"))
    text = Path("crate/codecheck.yml").read_text(encoding="utf-8")
    return text, yaml.safe_load(text)


def lines(name: str) -> list[str]:
    """The lines of checklists.md that begin with a name, in the figures or as an item."""
    text = Path("crate/checklists.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.lstrip(" -*").startswith(name)]


def test_codecheck_names_each_table_and_figure_and_what_is_still_missing(study):
    text, content = codecheck()
    assert text.startswith("---\n")
    named = {each["file"] for each in content["manifest"]}
    shown = (path for path in Path("results").glob("*/*") if path.is_file())
    assert named == {path.as_posix() for path in shown if path.parent.name in ("tables", "figures")}
    assert all(Path("crate", each["file"]).is_file() for each in content["manifest"])
    assert content["paper"]["reference-other"] == ["https://arxiv.org/abs/2403.00802"]
    assert "# Still to be given by the authors: ORCID of The tower-rates founders" in text
    assert "`make STUDY=study.yaml`" in content["source"]
    # What only a codechecker can say is nowhere made up.
    assert not {"codechecker", "report", "summary", "certificate"} & content.keys()


def test_codecheck_takes_paper_authors_and_orcids_from_the_citation(study):
    with Path("CITATION.cff").open("a", encoding="utf-8") as file:
        file.write(OWN)
    text, content = codecheck()
    assert content["paper"] == {
        "title": "A paper",
        "authors": [{"name": "Ada Byron", "ORCID": "0000-0002-1825-0097"}],
        "reference": "https://doi.org/10.5555/1",
        "reference-other": ["https://arxiv.org/abs/2403.00802"],
    }
    assert "Still to be given" not in text


def test_a_citation_without_a_licence_is_refused(study):
    text = Path("CITATION.cff").read_text(encoding="utf-8").replace("license: MIT", "")
    Path("CITATION.cff").write_text(text, encoding="utf-8")
    with pytest.raises(citation.CitationError, match="CITATION.cff: no license"):
        exporting.export(Path("crate"))


def test_the_checklists_count_runs_ranges_times_and_machines(study):
    exporting.export(Path("crate"))
    (runs,) = lines("runs**")
    assert "6 fits (adam 6): 1 cell on 1 data set, " in runs
    assert (
        f"3 independent replicates; made by 1 of {planted.JOBS} jobs" in runs
        and "256 fresh pairs" in runs
    )
    assert lines("arm adam")[0].startswith("  - arm adam: `steps` 5, ")
    assert '`smoothness` "inf"' in lines("the same in all cells")[0]
    assert lines("error bars**")[0].startswith("- **error bars**: 95% intervals over 3 replicates")
    assert "(B−1)" in lines("error bars**")[0]  # the method, from the module's own docstring
    assert lines("adam") == [
        "  - adam: 1 job, 12.5 s on average, 12 s together, at most 100 MB",
    ]
    (whole,) = lines(f"all {planted.JOBS} jobs")[:1]
    assert f"all {planted.JOBS} jobs: 12 s of wall time" in whole
    assert whole.endswith(f"; {planted.JOBS - 1} were not timed")
    assert "threads of each job: 1 (environment " in lines(f"{planted.JOBS} jobs: ")[0]
    assert "1 holds, 27 not tested" in lines("outcome**")[0]
    assert lines("Claims:")[0].startswith("- Claims: **authors**. ")
    assert lines("Training code")[0].endswith("**yes**. scripts/towers/train.py.")


def test_weights_that_are_left_out_are_not_shared(study):
    exporting.export(Path("crate"), frozenset({"weights"}))
    assert lines("Trained models")[0].startswith("- Trained models: **no**. 2 files of weights")


def test_ratings_of_others_are_told_and_not_handed_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(places, "PROJECT", tmp_path.resolve())
    planted.plant(tmp_path, real=True)
    found = exporting.export(Path("crate")).story.files
    assert not Path("crate/results/real/movielens/data.safetensors").exists()
    assert Path("crate/results/real/movielens/data.csv").exists()
    assert found["results/real/movielens/data.safetensors"].sha256
    assert lines("Licences for existing assets")[0].endswith(
        "**authors**. Ratings of others were given to the run: given:u.data, movielens."
    )
    found = check.check(Path("crate"))
    assert len(found.described) == 2  # the file that was given, and its copy
    assert (found.faults, found.given) == ({}, ["given:u.data"])
    assert found.left_out == {"other": (1, 4)}
    said = check.text(found, Path("crate"))
    assert "left out: other 1 of 4 files;" in said and 'WITHOUT="other"' in said
