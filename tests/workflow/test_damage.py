"""`make resume` on a finished study that was damaged: what changed is made anew, and no more."""

import re
import subprocess

import warm_python


def resume(project) -> str:
    done = subprocess.run(
        [warm_python.python(), "scripts/resume.py"],
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_two_damaged_files_of_one_chain_cost_their_own_jobs_alone(finished_copy):
    """The study is not named: it is the last run's. Nothing is trained again for new ratings."""
    before = finished_copy.made()
    results = finished_copy.folder / "results"
    ratings = sorted(results.glob("data/*/ratings.safetensors"))[0]
    content = bytearray(ratings.read_bytes())
    content[-1] ^= 1
    ratings.write_bytes(content)
    rates = results / "tables/rates.csv"
    rates.write_text(rates.read_text(encoding="utf-8").replace("inconclusive", "faster"))
    told = resume(finished_copy)
    assert "study=study.yaml" in told
    ran = re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", told)
    assert sorted(ran) == ["combine_rates", "generate_data"]
    assert finished_copy.made() == before
    assert finished_copy.planned() == {}
