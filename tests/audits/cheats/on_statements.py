"""Cheats on the statement that was made before the run."""

import json
from collections.abc import Callable

from cheats.registry import cheat
from forging import Forgery
from time_authority import Authority
from twotower.base import identity
from twotower.records.reading import canonical
from twotower.running import statements

STATEMENT = (statements.STATED / statements.NAME).as_posix()
PREDICTIONS = (statements.STATED / "predictions.csv").as_posix()


def in_years(years: int) -> Callable[[dict], dict]:
    """The statement with a date some years later."""

    def dated(content: dict) -> dict:
        date = content["date"]
        return content | {"date": f"{int(date[:4]) + years}{date[4:]}"}

    return dated


@cheat(verify="as its statement, not")
def backdated_statement(study: Forgery) -> str:
    """The statement is dated back by a year, and all is sealed anew."""
    content = json.loads(study.read(STATEMENT))
    study.write(STATEMENT, canonical.text(in_years(-1)(content)).encode("ascii"))
    study.reseal()
    return ""


@cheat(verify="since the record does not name it")
def exchanged_statement(study: Forgery) -> str:
    """Another statement stands in its place after the run, the record of the run made to fit."""
    study.restate(in_years(-1), jobs=False)
    return ""


@cheat(verify="before the date of the statement")
def later_statement(study: Forgery) -> str:
    """A statement of a later date stands in its place, all records made to fit."""
    study.restate(in_years(1))
    return ""


@cheat(verify="another study was run than was stated: replicates was")
def study_changed_after_the_statement(study: Forgery) -> str:
    """The statement tells of other replicates than were run, all records made to fit."""
    stated = json.loads(study.read(str(statements.STATED / "study.json")))
    stated["replicates"] += 1
    settings = identity.digest(stated).hex()
    study.restate(
        lambda content: content | {"study": content["study"] | {"settings": settings}},
        {"study.json": canonical.text(stated).encode("ascii")},
    )
    return ""


@cheat(verify="it is not what the stated code predicts")
def improved_predictions(study: Forgery) -> str:
    """A prediction of the statement is edited after the run, all records made to fit."""
    table = study.read(PREDICTIONS).decode("utf-8").splitlines(keepends=True)
    table[-1] = table[-1].replace("-0.", "-0.1", 1)
    study.restate(dict, {"predictions.csv": "".join(table).encode("utf-8")})
    return PREDICTIONS


@cheat(verify="the time stamp belongs to another file")
def stamp_of_another_statement(study: Forgery) -> str:
    """The time stamp is one of another statement, and all is sealed anew."""
    authority = Authority(study.folder / "key-of-another")
    authority.close()
    token = authority.stamp(authority.query(b"another statement"))
    study.write(str(statements.STATED / statements.TOKEN), token)
    study.reseal()
    return ""


@cheat(verify="names a statement before it")
def removed_statement(study: Forgery) -> str:
    """An unwelcome statement is removed, and all is sealed anew."""
    for name in statements.ALL:
        (study.folder / statements.STATED / name).unlink()
    study.reseal()
    return STATEMENT
