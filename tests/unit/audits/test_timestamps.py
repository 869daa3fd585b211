"""Time stamps against an authority of this machine: what is kept, and what is refused."""

import socket
import time

import pytest

from time_authority import NAME, Authority
from twotower.audits.seal import timestamps
from twotower.audits.seal.timestamps import StampError


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("authority") / "a")
    yield made
    made.close()


@pytest.fixture
def content(tmp_path):
    place = tmp_path / "statement.json"
    place.write_text("what was stated\n")
    return place


@pytest.fixture
def answering(authority):
    """Have the authority answer otherwise than with its stamp, for one test."""
    usual = authority.answer
    yield lambda answer: setattr(authority, "answer", answer)
    authority.answer = usual


def test_a_stamp_tells_who_and_when_and_is_checked_offline(authority, content, tmp_path):
    token = tmp_path / "token.tsr"
    found = timestamps.ask(content, token, authority.address, authority.root)
    assert found.state == "valid" and NAME in found.words
    assert abs(found.seconds - time.time()) < 60
    assert timestamps.check(content, token, authority.root) == found
    alone = timestamps.check(content, token)
    assert alone.state == "unvouched" and "its signature not checked; TSA_CA=" in alone.words
    came = timestamps.check(content, token, kept=authority.root)
    assert came.state == "unvouched" and "certificates that came with it" in came.words
    assert alone.seconds == came.seconds == found.seconds
    content.write_text("what was stated later\n")
    assert timestamps.check(content, token, authority.root).words == (
        "the time stamp belongs to another file"
    )
    token.write_bytes(token.read_bytes()[:-40])
    assert timestamps.check(content, token).state == "bad"


def test_certificates_of_another_authority_vouch_for_nothing(authority, content, tmp_path):
    other = Authority(tmp_path / "other")
    other.close()
    token = tmp_path / "token.tsr"
    with pytest.raises(
        StampError, match=r"root.pem does not vouch for it \(.*certificate.*\); TSA_CA="
    ):
        timestamps.ask(content, token, authority.address, other.root)
    assert not token.exists()
    timestamps.ask(content, token, authority.address)
    assert timestamps.check(content, token, other.root).state == "bad"
    assert timestamps.check(content, token, kept=other.root).state == "bad"
    with pytest.raises(StampError, match="TSA_CA=none.pem: there is no such file"):
        timestamps.check(content, token, tmp_path.relative_to(tmp_path) / "none.pem")


def test_answers_that_are_no_stamp_of_this_query_are_refused(
    authority, content, tmp_path, answering
):
    earlier = authority.stamp(authority.query(content.read_bytes()))
    foreign = authority.stamp(authority.query(b"something else"))
    coarse = Authority(tmp_path / "coarse", digests="sha512")
    coarse.close()
    cases = {
        "it answered 503": lambda query: (503, b""),
        "its answer is no time stamp": lambda query: (200, b"<html>Welcome</html>"),
        "no time stamp; allowed: the address": lambda query: (200, b""),
        "no time stamp; ": lambda query: (200, authority.stamp(query)[:200]),
        "another nonce than the query": lambda query: (200, earlier),
        "another digest than the query": lambda query: (200, foreign),
        "it refused the query: Rejected": lambda query: (200, coarse.stamp(query)),
        "longer than 1,000,000 bytes": lambda query: (200, b"0" * 1_100_000),
    }
    for words, answer in cases.items():
        answering(answer)
        with pytest.raises(StampError) as caught:
            timestamps.ask(content, tmp_path / "token.tsr", authority.address, authority.root)
        assert words in str(caught.value) and authority.address in str(caught.value)
        assert not (tmp_path / "token.tsr").exists()


def test_servers_that_do_not_answer_are_told(content, tmp_path, monkeypatch):
    monkeypatch.setattr(timestamps, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(StampError, match="no whole answer in"):
            timestamps.ask(content, tmp_path / "token.tsr", address)
    with pytest.raises(StampError, match="does not answer .*refused.*without TSA="):
        timestamps.ask(content, tmp_path / "token.tsr", address)
    for address in ("", "file:///etc/passwd", "stamps.example", "http://", "http:// x"):
        with pytest.raises(StampError, match="is no address; allowed: http://"):
            timestamps.ask(content, tmp_path / "token.tsr", address)


def test_without_openssl_stamps_are_neither_had_nor_checked(content, tmp_path, monkeypatch):
    (tmp_path / "token.tsr").write_bytes(b"0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StampError, match="openssl is not installed"):
        timestamps.ask(content, tmp_path / "other.tsr", "http://127.0.0.1:9/")
    with pytest.raises(StampError, match="openssl is not installed"):
        timestamps.check(content, tmp_path / "token.tsr")
