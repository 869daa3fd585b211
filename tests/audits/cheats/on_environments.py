"""Cheats on environments that jobs name, and on the lock file."""

from cheats.registry import LOCK, TABLE, cheat
from forging import Forgery


@cheat(verify="numerical libraries used 2 threads, the pin is 1")
def another_thread_count(study: Forgery) -> str:
    """All jobs ran with two threads, all else is in order."""
    study.re_environment(lambda found: found | {"threads": 2}, lambda record: True)
    study.reseal()
    return ""


@cheat(verify="made in another environment than most: threads 2, not 1")
def one_job_with_two_threads(study: Forgery) -> str:
    """One training ran with two threads, all else is in order."""
    path = study.first("results/runs/*/0.safetensors")
    outputs = study.record(path)["outputs"]
    study.re_environment(
        lambda found: found | {"threads": 2}, lambda record: record["outputs"] == outputs
    )
    study.reseal()
    return path


@cheat(verify="MKL_CBWR was AUTO, the pin is AVX2,STRICT")
def another_pin(study: Forgery) -> str:
    """All jobs ran without the pin of MKL's code path."""
    study.re_environment(
        lambda found: found | {"pins": found["pins"] | {"MKL_CBWR": "AUTO"}}, lambda record: True
    )
    study.reseal()
    return ""


@cheat(verify="numpy was 2.4.5, envs/requirements.txt names")
def another_package(study: Forgery) -> str:
    """All jobs ran with another version of a package than the lock names."""

    def older(found: dict) -> dict:
        found["packages"]["numpy"]["version"] = "2.4.5"
        return found

    study.re_environment(older, lambda record: True)
    study.reseal()
    return ""


@cheat(verify="made in another environment than most: packages torch sha256")
def another_wheel(study: Forgery) -> str:
    """One training ran with another build of a package of the same version."""

    def rebuilt(found: dict) -> dict:
        found["packages"]["torch"]["sha256"] = "0" * 64
        return found

    path = study.first("results/runs/*/0.safetensors")
    outputs = study.record(path)["outputs"]
    study.re_environment(rebuilt, lambda record: record["outputs"] == outputs)
    study.reseal()
    return path


@cheat(verify="its content does not match the digest in its name")
def edited_environment(study: Forgery) -> str:
    """An environment is edited under its name, and sealed anew."""
    for path in sorted(study.folder.glob("results/records/environments/*.json")):
        name = path.relative_to(study.folder).as_posix()
        study.replace(name, '"libc": "', '"libc": "other ')
    study.reseal()
    return name


@cheat(verify="the environment of")
def removed_environment(study: Forgery) -> str:
    """The environment of the jobs is removed, and all sealed anew."""
    name = study.record(TABLE)["environment"]
    path = f"results/records/environments/{name}.json"
    (study.folder / path).unlink()
    study.reseal()
    return path


@cheat(verify="sealed with")
def edited_lock(study: Forgery) -> str:
    """The lock file names another version of a package."""
    study.replace(LOCK, "\npandas==", "\npandas==1.")
    return LOCK


@cheat(verify="pandas was")
def edited_lock_and_seal(study: Forgery) -> str:
    """The lock file names another version of a package, and is sealed anew."""
    edited_lock(study)
    study.reseal()
    return ""
