"""The draw of an audit, and how likely it misses bad jobs."""

import hashlib
import itertools
import math

import pytest

from twotower.audits.rerun import options
from twotower.audits.rerun import sample as audit_sample

ROOT = hashlib.sha256(b"root").hexdigest()
NAMES = [f"results/risks/{index:02d}.csv" for index in range(12)]


def test_the_draw_is_the_one_that_the_definition_gives():
    drawn = hashlib.sha256(bytes.fromhex(ROOT) + "Zürich 7".encode()).digest()
    places = {name: hashlib.sha256(drawn + name.encode()).hexdigest() for name in NAMES}
    smallest = sorted(NAMES, key=places.get)
    for size in (0, 1, 5, 12, 40):
        found = audit_sample.draw(reversed(NAMES), size, ROOT, "Zürich 7")
        assert found == sorted(smallest[:size])


def test_root_and_nonce_both_move_the_draw():
    draws = {
        tuple(audit_sample.draw(map(str, range(200)), 4, root, nonce))
        for root in (ROOT, "00" * 32)
        for nonce in ("a", "b", "")
    }
    assert len(draws) == 6


def test_every_job_is_drawn_equally_often():
    counts = dict.fromkeys(NAMES, 0)
    for nonce in range(2000):
        for name in audit_sample.draw(NAMES, 3, ROOT, str(nonce)):
            counts[name] += 1
    chi2 = sum((count - 500) ** 2 / 500 for count in counts.values())
    assert chi2 < 31.3  # 99.9% of chi-square with 11 degrees of freedom


@pytest.mark.parametrize(("bad", "size"), [(0, 3), (1, 3), (2, 4), (5, 2), (6, 3), (7, 1)])
def test_misses_are_what_counting_all_samples_gives(bad, size):
    samples = list(itertools.combinations(range(8), size))
    missing = sum(all(job >= bad for job in sample) for sample in samples)
    expected = missing / len(samples)
    assert audit_sample.miss_probability(8, bad, size) == pytest.approx(expected, rel=1e-14)


def test_misses_of_large_studies_are_finite_and_known():
    # without replacement a sample misses less than with it
    chance = audit_sample.miss_probability(100_000, 5_000, 60)
    assert 0.95**60 * 0.99 < chance < 0.95**60
    assert audit_sample.miss_probability(10, 1, 10) == 0
    assert math.isclose(audit_sample.miss_probability(20, 1, 5), 0.75)
    with pytest.raises(ValueError, match="of which 11 are bad"):
        audit_sample.miss_probability(10, 11, 2)


def test_what_is_told():
    assert audit_sample.misses(20, 5).keys() == {1, 2, 5, 10}  # 5% are one job
    assert audit_sample.misses(3, 1) == {1: 2 / 3, 2: 1 / 3}
    text = audit_sample.told(200, 20)
    assert text.startswith(
        "A sample of 20 from 200 jobs misses all of 1 bad job 90%, 2 bad jobs 81%"
    )
    assert "10 bad jobs (5%) 34%" in text


def test_no_sample_is_of_fewer_than_no_jobs():
    with pytest.raises(ValueError, match="no sample of -1"):
        audit_sample.draw(NAMES, -1, ROOT, "")
    with pytest.raises(options.OptionError, match="SAMPLE=-1: allowed: a whole"):
        options.whole("SAMPLE")("-1")
