"""Runs of one study under variations, and whether a variation changes the results.

Each variation runs the study in a copy of the project of its own, from nothing, and its results are
compared with those of an undisturbed run, rung by rung.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import yaml

from twotower.audits.compare import contents, rungs
from twotower.audits.compare.rungs import Compared, Rung
from twotower.audits.compare.tolerances import Tolerances
from twotower.audits.rerun import clone, jobs
from twotower.audits.seal import sealed_files
from twotower.audits.vary.variations import BASE, Variation
from twotower.base import commands
from twotower.base.errors import ExpectedError
from twotower.base.files import atomic_write
from twotower.records.commits import code_files
from twotower.study import reading

_STUDY = "study.yaml"
_ORDER = '''"""Folders are listed backwards."""
import os

_listed, _scanned = os.listdir, os.scandir


class _Backwards:
    def __init__(self, *path):
        with _scanned(*path) as entries:
            self.entries = iter(sorted(entries, key=lambda one: one.name, reverse=True))

    def __iter__(self):
        return self.entries

    def __next__(self):
        return next(self.entries)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self.entries = iter(())


os.listdir = lambda *path: sorted(_listed(*path), reverse=True)
os.scandir = _Backwards
'''


class VariationError(ExpectedError):
    """A study that cannot be run under a variation; the message says where its log is."""


def run(project: Path, study: Path, variation: Variation | None, place: Path) -> Path:
    """Run a study in a copy of the project under a variation (None: undisturbed).

    The copy has an environment of its own in .venv, as a project that `make` has installed.

    Returns:
        The folder that holds results/.

    Raises:
        VariationError: if the run fails.
    """
    variation = variation or Variation(BASE, "")
    folder = place / variation.folder
    for path in code_files.code(project):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / path, folder / path)
    for path, changes in variation.edits.items():
        _edit(folder / path, changes)
    content = reading.merged(reading.load_study(study), variation.study)
    (folder / _STUDY).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    variables = clone.clean_environment() | {"SHOW_RESULTS": "no"} | variation.variables
    if variation.backwards:
        variables["PYTHONPATH"] = str(backwards(place / "backwards"))
    log, python = place / "printed.txt", own_environment(folder)
    with open(log, "wb") as printed:
        status = subprocess.run(
            [python, "-m", "snakemake", *commands.options(_STUDY), *variation.options],
            cwd=folder,
            env=variables,
            umask=-1 if variation.umask is None else variation.umask,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        ).returncode
    if status != 0:
        raise VariationError(f"{variation.name}: the run failed, see {log}")
    return folder


def own_environment(folder: Path) -> Path:
    """Make .venv in a folder, of links to the parts of this environment; returns its Python.

    That Python calls itself by its place in the folder, and finds its packages from there.
    """
    place = folder / ".venv"
    place.mkdir()
    for part in Path(sys.prefix).iterdir():
        if not part.name.startswith("installed"):
            (place / part.name).symlink_to(part)
    return place / "bin" / Path(sys.executable).name


def backwards(folder: Path) -> Path:
    """Make a folder that, as PYTHONPATH, has every Python list folders backwards; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_ORDER, encoding="ascii")
    return folder


def compared(
    base: Path, varied: Path, variation: Variation, tolerances: Tolerances
) -> dict[str, Compared]:
    """Every result of a varied run against the undisturbed one's, by path.

    Blocks of replicates are joined before fits are compared: how many share a job may differ.
    """
    was, now = jobs.graph(base).maker, jobs.graph(varied).maker
    found = {}
    for path in sorted(now if variation.kinds else was.keys() | now.keys()):
        kind = sealed_files.kind_of(path)
        if variation.kinds and kind not in variation.kinds:
            continue
        if kind == "weights" and "replicates_per_job" in variation.study:
            continue
        if path in was and path in now:
            found[path] = rungs.compare(base / path, varied / path, kind, tolerances)
        else:
            found[path] = Compared(Rung.DIFFERENT, "only one of the two runs has it")
    if "replicates_per_job" in variation.study:
        found |= {path: _joined(base, varied, path) for path in _fits(was)}
    return found


def told(found: dict[str, Compared]) -> tuple[Rung, str]:
    """The lowest rung that a file reached; and in words how many did, and what differs most."""
    lowest = max((each.rung for each in found.values()), default=Rung.BYTES)
    counts = Counter(each.rung for each in found.values())
    words = ", ".join(f"{counts[rung]} {rung.words}" for rung in sorted(counts))
    if lowest == Rung.BYTES:
        return lowest, f"all {len(found)} files"
    path, each = next((path, each) for path, each in found.items() if each.rung == lowest)
    return lowest, f"{words}; {path}: {each.detail}"


def _fits(paths: Iterable[str]) -> list[str]:
    """Folders of fits, each of which holds a file for each block of replicates."""
    fits = [path for path in paths if path.endswith(".safetensors")]
    return sorted(
        {str(Path(path).parent) for path in fits if sealed_files.kind_of(path) == "weights"}
    )


def _joined(base: Path, varied: Path, folder: str) -> Compared:
    """All blocks of a fit as one, under both runs."""
    was, now = _blocks(base / folder), _blocks(varied / folder)
    same = was.keys() == now.keys() and all(
        was[name].tobytes() == now[name].tobytes() for name in was
    )
    return Compared(Rung.BYTES if same else Rung.DIFFERENT, "" if same else "other weights")


def _blocks(folder: Path) -> dict[str, np.ndarray]:
    paths = sorted(folder.glob("*.safetensors"), key=lambda path: int(path.stem))
    found: dict[str, list[np.ndarray]] = {}
    counts: Counter[str] = Counter()
    for path in paths:
        parts = contents.read(path)
        for name, part in parts.items():
            # some arrays are of one replicate each, numbered within their block
            series, _, number = name.rpartition("/")
            if number.isdigit():
                name = f"{series}/{counts[series] + int(number)}"
            found.setdefault(name, []).append(part.values)
        counts.update(name.rpartition("/")[0] for name in parts if name[-1].isdigit())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _edit(path: Path, changes: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        if text.count(old) != 1:
            raise VariationError(f"{path.name}: {old} is not there once; the variation needs it")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    os.utime(path)


class Rows:
    """What has been found so far, kept in a folder with the undisturbed run."""

    def __init__(self, place: Path, about: dict) -> None:
        """Go on with what is in `place`, if it is about the same; else begin anew."""
        self._place, self._file = place, place / "rows.json"
        self._content = {"about": about, "rows": {}}
        if self._file.is_file():
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if kept["about"] == about:
                self._content = kept
                return
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        self._write()  # before the first row: the undisturbed run alone is worth keeping

    def __contains__(self, name: str) -> bool:
        return name in self._content["rows"]

    def __getitem__(self, name: str) -> tuple[int, str]:
        return tuple(self._content["rows"][name])

    def add(self, name: str, rung: Rung, words: str) -> None:
        """Keep what was found under a variation."""
        self._content["rows"][name] = [int(rung), words]
        self._write()

    def _write(self) -> None:
        with atomic_write(self._file) as temporary:
            temporary.write_text(json.dumps(self._content, indent=1) + "\n", encoding="utf-8")

    def base(self, project: Path, study: Path) -> Path:
        """The undisturbed run, made where it is not there yet."""
        place, done = self._place / BASE, self._place / f"{BASE}.done"
        if not done.exists():
            shutil.rmtree(place, ignore_errors=True)
            run(project, study, None, place)
            done.touch()
        return place / Variation(BASE, "").folder

    def fresh(self) -> Path:
        """An empty folder for the next variation; the last one's is removed."""
        place = self._place / "varied"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def found(
        self, project: Path, study: Path, variation: Variation, tolerances: Tolerances
    ) -> tuple[int, str]:
        """The rung that a variation reaches, and what differs in words; run if not known yet."""
        if variation.name not in self:
            base = self.base(project, study)
            varied = run(project, study, variation, self.fresh())
            self.add(variation.name, *told(compared(base, varied, variation, tolerances)))
        return self[variation.name]
