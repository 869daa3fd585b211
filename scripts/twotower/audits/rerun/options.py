"""The options of an audit, as they are typed after `make`, checked before any work starts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twotower.audits.rerun import clone
from twotower.base.errors import OptionError


@dataclass(frozen=True)
class Asked:
    """The options of an audit; folders are None where the default is meant.

    Attributes:
        folder: what holds results/; results-audit/ goes beside it.
        sample: number of jobs to draw; None: rerun everything.
        nonce: the auditor's own text, on which the draw depends.
        env, wheels: an environment to reuse; or a folder of wheels to make one from.
        fresh: where the clone goes, to stay there.
        project: the git repository that is cloned.
        signers, root, without: as of `verification.verify`.
        fresh_seeds: other seeds to run the study with, should anything differ.
    """

    folder: Path = Path()
    sample: int | None = None
    nonce: str = ""
    env: Path | None = None
    wheels: Path | None = None
    fresh: Path | None = None
    project: Path | None = None
    signers: Path | None = None
    root: str | None = None
    without: frozenset[str] = frozenset()
    fresh_seeds: int = 0


def whole(name: str, least: int = 0) -> Callable[[str], int]:
    """What reads a whole number, for an option that the user knows by a name.

    The function returned raises OptionError for what is none, or smaller than the least.
    """

    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or int(text) < least:
            raise OptionError(f"{name}={text:.40}: allowed: a whole number from {least} on")
        return int(text)

    return read


def check(asked: Asked) -> None:
    """Whether what an auditor asks for can be had.

    Raises:
        OptionError, CloneError: naming what cannot.
    """
    try:
        asked.nonce.encode("utf-8")
    except UnicodeEncodeError:
        raise OptionError(f"NONCE={asked.nonce}: allowed: any text in UTF-8") from None
    if asked.env and asked.wheels:
        raise OptionError(
            f"ENV={asked.env} and WHEELS={asked.wheels}: allowed: one of them; WHEELS makes a new "
            "environment, ENV takes one that is there"
        )
    if asked.env:
        clone.existing_environment(asked.env)
    if asked.wheels and not any(Path(asked.wheels).glob("*.whl")):
        raise OptionError(
            f"WHEELS={asked.wheels}: holds no wheels; `pip wheel -r envs/requirements.txt "
            f"-w {asked.wheels}` puts there what is needed"
        )
    if asked.fresh is not None and (
        asked.fresh.is_file() or (asked.fresh.is_dir() and any(asked.fresh.iterdir()))
    ):
        raise OptionError(f"FRESH={asked.fresh}: is there, and not empty; allowed: a new folder")
