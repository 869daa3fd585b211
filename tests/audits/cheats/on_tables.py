"""Cheats on results with records that fit and a signed seal: what do the bytes themselves tell?

Some could also be found by a rerun, if it draws them. Each contradicts something that lies beside.
"""

import io
from collections.abc import Callable

import pandas as pd

from authoring import consistent, rerun, unstated
from cheats.registry import cheat, with_values
from forging import Forgery
from twotower.base import tensors

RISKS = "results/risks/[0-9a-f]*.csv"
ALL_RISKS = "results/rates/smoothness/risks.csv"
WEIGHTS = "results/runs/*/0.safetensors"


def edited(study: Forgery, path: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> str:
    """Change a table, records and a signed seal with it."""
    table = pd.read_csv(study.folder / path, dtype=str, keep_default_na=False)
    text = io.StringIO()
    change(table).to_csv(text, index=False, lineterminator="\n")
    return sealed(study, path, text.getvalue().encode("utf-8"))


def sealed(study: Forgery, path: str, content: bytes) -> str:
    """Other bytes of a result, with records and a signed seal that fit."""
    unstated(study)
    consistent(study, path, content)
    rerun(study, dict)
    return path


@cheat(clone="it holds 2 replicates, the study asks for 3")
def dropped_replicate(study: Forgery) -> str:
    """The worst replicate is missing in a table of risks."""
    return edited(study, study.first(RISKS), lambda rows: rows[rows["replicate"] != "2"])


@cheat(clone="it holds 30 replicates, the study asks for 3")
def invented_replicates(study: Forgery) -> str:
    """A table of risks has 30 replicates, 27 of them invented."""

    def more(rows: pd.DataFrame) -> pd.DataFrame:
        extra = [rows.assign(replicate=str(each)) for each in range(3, 30)]
        kept = [each[rows["replicate"] == "0"] for each in extra]
        return pd.concat([rows, *kept])

    return edited(study, study.first(RISKS), more)


@cheat(clone="replicates 0 and 2 have one risk")
def repeated_replicate(study: Forgery) -> str:
    """A replicate's risks are those of another one, to the last digit."""

    def repeated(rows: pd.DataFrame) -> pd.DataFrame:
        good = rows[rows["replicate"] == "0"]
        return pd.concat([rows[rows["replicate"] != "2"], good.assign(replicate="2")])

    return edited(study, study.first(RISKS), repeated)


@cheat(clone="it holds 4 sizes, the study asks for 5")
def dropped_size(study: Forgery) -> str:
    """A sample size at which the curve bends is missing in a table of risks."""
    return edited(study, study.first(RISKS), lambda rows: rows[rows["n_ratings"] != "64"])


@cheat(clone="it holds 5 sizes, the study asks for 5 others")
def renamed_size(study: Forgery) -> str:
    """The largest sample of a table of risks is told as twice as large."""
    change = {"n_ratings": {"1024": "2048"}}
    return edited(study, study.first(RISKS), lambda rows: rows.replace(change))


@cheat(audit="DIFFERENT")
def joined_risks_unlike_their_parts(study: Forgery) -> str:
    """Risks of an experiment, joined, are not those of the tables that they were joined from."""

    def better(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(risk=[str(0.5 * float(each)) for each in rows["risk"]])

    return edited(study, ALL_RISKS, better)


@cheat(clone="it tells of 30 replicates, the study asks for 3")
def fewer_replicates_in_rates(study: Forgery) -> str:
    """The table of all rates says that 30 replicates were fitted."""
    path = "results/tables/rates.csv"
    return edited(study, path, lambda rows: rows.assign(replicates="30"))


@cheat(audit="DIFFERENT")
def another_slope(study: Forgery) -> str:
    """A slope in the table of all rates is the bound's, its table by experiment says another."""
    path = "results/tables/rates.csv"
    return edited(study, path, lambda rows: rows.assign(slope=rows["bound_slope"]))


@cheat(clone="passed with 9 for")
def certificate_that_passes(study: Forgery) -> str:
    """A check of the data failed; its row says that it passed, the measured value stays."""

    def kind(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(measured=["9" if at == 1 else each
                                     for at, each in enumerate(rows["measured"])])  # fmt: skip

    return edited(study, study.first("results/data/*/certificate.csv"), kind)


@cheat(audit="DIFFERENT")
def improved_predictions_of_a_fit(study: Forgery) -> str:
    """Predicted risks are moved onto the measured ones."""

    def moved(rows: pd.DataFrame) -> pd.DataFrame:
        name = next(each for each in rows.columns if "predicted" in each or "risk" in each)
        return rows.assign(**{name: [f"0.{at}1" for at in range(len(rows))]})

    return edited(study, study.first("results/predictions/[0-9a-f]*.csv"), moved)


@cheat(clone="it has the same bytes as")
def one_data_set_under_two_names(study: Forgery) -> str:
    """The ratings of one cell stand for those of the other as well."""
    one, other = (study.first("results/data/*/ratings.safetensors", each) for each in (0, 1))
    return sealed(study, other, study.read(one))


@cheat(audit="DIFFERENT")
def one_risk_under_two_names(study: Forgery) -> str:
    """The risks of one fit stand for those of another as well."""
    return sealed(study, study.first(RISKS, 1), study.read(study.first(RISKS)))


@cheat(audit="DIFFERENT")
def one_training_under_two_names(study: Forgery) -> str:
    """The weights of one training stand for those of another as well."""
    return sealed(study, study.first(WEIGHTS, 1), study.read(study.first(WEIGHTS)))


@cheat(audit="DIFFERENT")
def weights_of_one_replicate(study: Forgery) -> str:
    """A block of two replicates holds one of them twice."""
    path = study.first(WEIGHTS)
    arrays = {}
    for name, array in tensors.read(study.folder / path).items():
        twice = array.copy() if hasattr(array, "copy") else array.clone()
        if twice.ndim and len(twice) == 2:
            twice[1] = twice[0]
        arrays[name] = twice
    place = study.folder / "twice.safetensors"
    tensors.write(place, arrays)
    content = place.read_bytes()
    place.unlink()
    return sealed(study, path, content)


@cheat(audit="DIFFERENT")
def weights_that_are_no_numbers(study: Forgery) -> str:
    """All weights of a training are zero: nothing was trained."""
    path = study.first(WEIGHTS)
    arrays = {name: 0 * array for name, array in tensors.read(study.folder / path).items()}
    place = study.folder / "zero.safetensors"
    tensors.write(place, arrays)
    content = place.read_bytes()
    place.unlink()
    return sealed(study, path, content)


@cheat(audit="DIFFERENT")
def weights_within_tolerance(study: Forgery) -> str:
    """All weights of a training are changed by less than the tolerance, on the same machine."""
    path = study.first(WEIGHTS)
    arrays = tensors.read(study.folder / path)
    place = study.folder / "near.safetensors"
    tensors.write(place, {name: array * (1 + 1e-9) for name, array in arrays.items()})
    content = place.read_bytes()
    place.unlink()
    return sealed(study, path, content)


@cheat(clone="it was trained in 5000 steps, the study asks for 50")
def more_steps_in_losses(study: Forgery) -> str:
    """The losses of adam say that each training took 5000 steps."""
    found = study.folder.glob("results/runs/*/0.losses.csv")
    path = min(each.relative_to(study.folder).as_posix() for each in found
               if b",50\n" in each.read_bytes())  # fmt: skip
    return edited(study, path, lambda rows: rows.assign(steps="5000"))


@cheat(audit="DIFFERENT")
def another_claim_in_words(study: Forgery) -> str:
    """The ledger has the verdict of before beside words of another threshold."""
    unstated(study)
    path = "results/tables/claims.csv"
    study.edit_table(path, lambda rows: with_values(rows, 1, judged="holds below a factor 9"))
    study.re_record(path)
    study.re_chain(path)
    rerun(study, dict)
    return path
