"""Users and films of MovieLens while their files are read, a row for each id."""

import re
from pathlib import Path

import numpy as np

from twotower.real.reading.faults import fault, shown
from twotower.real.reading.files import Entities
from twotower.real.reading.text_lines import numbered

_MOST = 10**9
_YEAR = re.compile(r"\(([0-9]{4})[^()]*\)\s*$")


class _Rows:
    """Entities that are being read, by id."""

    def __init__(self, path: Path):
        self.path = path
        self.rows: dict[int, int] = {}

    def new(self, line: int, text: str) -> None:
        number = numbered(self.path, line, "id", text, 1, _MOST)
        if number in self.rows:
            found = f"id {number} stands there again"
            raise fault(self.path, line, found, "one line for each id", "keep one of the lines")
        self.rows[number] = len(self.rows)


class People(_Rows):
    def __init__(self, path: Path):
        super().__init__(path)
        self.ages: list[float] = []
        self.genders: list[str] = []
        self.jobs: list[str] = []

    def add(self, line: int, number: str, age: int, gender: str, job: str) -> None:
        self.new(line, number)
        if gender not in ("M", "F"):
            raise fault(self.path, line, f"gender is {shown(gender)}", "M or F")
        self.ages.append(float(age))
        self.genders.append(gender)
        self.jobs.append(job)

    def entities(self) -> Entities:
        categories = {"gender": self.genders, "occupation": self.jobs}
        return Entities(len(self.rows), {"age": np.array(self.ages)}, categories, {}, {})


class Films(_Rows):
    def __init__(self, path: Path):
        super().__init__(path)
        self.years: list[float] = []
        self.titles: list[str] = []
        self.genres: list[tuple[str, ...]] = []

    def add(
        self, line: int, number: str, title: str, genres: tuple[str, ...], date: str = ""
    ) -> None:
        self.new(line, number)
        if not all(genres):
            found = f"genres are {shown('|'.join(genres))}"
            raise fault(self.path, line, found, "names between single '|'")
        year = _YEAR.search(title)
        digits = date[-4:] if date else year[1] if year else ""
        if digits and not (digits.isascii() and digits.isdigit()):
            raise fault(self.path, line, f"release date is {shown(date)}", "such as 01-Jan-1995")
        self.years.append(float(digits) if digits else float("nan"))
        self.titles.append(_YEAR.sub("", title).strip())
        self.genres.append(genres)

    def entities(self) -> Entities:
        numbers = {"year": np.array(self.years)}
        return Entities(
            len(self.rows), numbers, {}, {"genres": self.genres}, {"title": self.titles}
        )
