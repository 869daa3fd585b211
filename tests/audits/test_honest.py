"""No honest operation alarms: each is done to a finished study, and verified in another clone."""

import pytest

from honest import OPERATIONS, verified


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_honest_operation_raises_no_alarm(name, study, tmp_path):
    sound, said = verified(name, study, tmp_path / "room")
    assert sound, said
