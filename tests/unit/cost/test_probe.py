"""The machine's pace is measured with compiled loops once a study has compiled them."""

from twotower.cost import probe
from twotower.kernels import code_folder


def test_loops_are_timed_once_they_are_compiled_and_not_before(tmp_path, monkeypatch):
    timed = []
    monkeypatch.setattr(probe, "_loops", lambda: timed.append(True) or (lambda: None))
    monkeypatch.setattr(code_folder, "_roots", lambda: [tmp_path])
    code_folder.folder.cache_clear()
    assert probe.pace() > 0 and not timed
    code_folder.note([code_folder.fit_of_towers("erm", 1, 1, 2, 1, "float64")])
    probe.pace()
    assert timed
    code_folder.folder.cache_clear()
