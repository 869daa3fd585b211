"""One finished, sealed and signed study, for all tests of audits to share."""

from pathlib import Path

import pytest

from forging import SIGNERS, Forgery, copied, finished
from twotower.audits.seal import manifest
from twotower.audits.verify import verification

LIGHT = {  # half of the tiny study's jobs; `make audit-selftest` has all of them
    "replicates_per_job: 2": "replicates_per_job: 3",
    "  adam: {steps: 50, batch_size: 64, learning_rate: 1.0e-2}\n": "",
}
TARGETS = ("results/tables/claims.md", "results/figures/learning_curves.png",
           "results/figures/slope_comparison.png")  # fmt: skip


@pytest.fixture(scope="session")
def origin(once) -> Forgery:
    """The finished study; not to be changed."""

    def make(folder: Path) -> str:
        return str(finished(folder, LIGHT, TARGETS).folder)

    study = Forgery(once("audits", make)[0])
    root = manifest.read(study.folder).root
    yield study
    found = verification.verify(study.folder, study.folder / SIGNERS, root)
    assert not found.failed, "a test wrote into the study that all share"


@pytest.fixture
def study(origin, tmp_path) -> Forgery:
    """A copy, free to be changed."""
    return copied(origin, tmp_path / "copy")
