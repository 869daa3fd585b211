"""One finished, sealed and signed tiny study, for all tests of audits to share."""

import pytest

from forging import Forgery, copied, finished


@pytest.fixture(scope="session")
def origin(tmp_path_factory) -> Forgery:
    """The finished study; not to be changed."""
    return finished(tmp_path_factory.mktemp("audits") / "finished")


@pytest.fixture
def study(origin, tmp_path) -> Forgery:
    """A copy, free to be changed."""
    return copied(origin, tmp_path / "copy")
