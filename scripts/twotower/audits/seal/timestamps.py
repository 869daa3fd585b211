"""Time stamps as of RFC 3161: an authority signs the SHA-256 of a file together with the time.

The program `openssl` writes the query and checks the answer; Python's own library sends it.
"""

import http.client
import re
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from twotower.base import errors, files
from twotower.base.values import complaint

PATIENCE = 10.0  # seconds without a byte
LONGEST = 30.0  # seconds for the whole answer
MOST_BYTES = 1_000_000  # of an answer; with certificates one has some 5,000
_GRANTED = ("Granted.", "Granted with modifications.")
_TIME = re.compile(r"(\w{3} +\d+ \d\d:\d\d:\d\d)(\.\d+)?( \d{4} GMT)")


class StampError(errors.ExpectedError):
    """No time stamp can be had; the message names the server, or the file, and says why."""


@dataclass(frozen=True)
class Stamp:
    """What is known of a file's time stamp.

    Attributes:
        state: "none", "valid" (by certificates that the reader named), "unvouched" (sound, by the
            certificates that came with it, or by none) or "bad".
        words: the same for a reader.
        seconds: the time that it tells, since 1970 in UTC; None where there is none.
    """

    state: str
    words: str
    seconds: int | None = None


def ask(content: Path, place: Path, server: str, authorities: Path | None = None) -> Stamp:
    """Have a server stamp a file, check the answer, and keep it.

    Args:
        content: the file.
        place: where the answer goes, once it has passed.
        server: address of the authority, http:// or https://.
        authorities: certificates in PEM by which the answer is checked; None: its signature is
            not checked, its digest and its nonce are.

    Raises:
        StampError: if there is no answer, or one that is no stamp of this file for this query.
    """
    require(server, authorities)
    told = f"TSA={server}"
    with tempfile.TemporaryDirectory(prefix="tower-rates-") as room:
        query, answer = Path(room, "query.tsq"), Path(room, "answer.tsr")
        made = _openssl("-query", "-data", content, "-sha256", "-cert", "-out", query)
        if made.returncode != 0:
            raise StampError(f"openssl cannot write a query ({_said(made)})")
        answer.write_bytes(_answer(server, query.read_bytes()))
        stamp = _text(answer)
        if stamp is None:
            raise StampError(f"{told}: its answer is no time stamp; allowed: the address of a time "
                             "stamp authority (RFC 3161)")  # fmt: skip
        if (status := _value(stamp, "Status")) not in _GRANTED:
            why = f"{_value(stamp, 'Status description')} {_value(stamp, 'Failure info')}"
            raise StampError(f"{told}: it refused the query: {status} {why}")
        asked = _text(query, "-query") or ""
        for name, what in ((_digest, "digest"), (_nonce, "nonce")):
            if name(stamp) != name(asked):
                raise StampError(f"{told}: its answer has another {what} than the query: it "
                                 "answers another query, and is not kept")  # fmt: skip
        found = check(content, answer, authorities)
        if found.state == "bad":
            raise StampError(f"{told}: {found.words}; TSA_CA= names the authority's certificates")
        with files.atomic_write(place) as temporary:
            temporary.write_bytes(answer.read_bytes())
    return found


def require(server: str | None, authorities: Path | None) -> None:
    """Refuse a text that is no address, and missing certificates; raises StampError."""
    if server is not None and not re.fullmatch(r"https?://[^\s/]\S*", server):
        raise StampError(complaint(f"TSA={server}: is no address", "http://… or https://…"))
    if server is not None and not server.isascii():
        allowed = "letters of ASCII: a host's name as xn--…, other letters as %C3%BC"
        raise StampError(complaint(f"TSA={server}: is no address", allowed))
    if authorities is not None and not authorities.is_file():
        what = "is a folder" if authorities.is_dir() else "there is no such file of certificates"
        raise StampError(complaint(f"TSA_CA={authorities}: {what}", "certificates in PEM"))


def check(
    content: Path, token: Path, authorities: Path | None = None, kept: Path | None = None
) -> Stamp:
    """Whether a file has a time stamp of an authority, offline.

    Certificates must have been valid at the time that the stamp tells, not today: stamps are kept
    for longer than certificates last.

    Args:
        authorities: certificates in PEM that the reader trusts.
        kept: those that came with the stamp, used without `authorities`.

    Raises:
        StampError: if there is no file of certificates where the reader names one, or no openssl.
    """
    require(None, authorities)
    if not token.is_file():
        return Stamp("none", "no time stamp")
    text = _text(token) if token.stat().st_size <= MOST_BYTES else None
    moment = _TIME.search(_value(text or "", "Time stamp"))
    if text is None or moment is None:
        return Stamp("bad", f"{token.name} is no time stamp")
    if _digest(text) != files.sha256(content):
        return Stamp("bad", "the time stamp belongs to another file")
    seconds = ssl.cert_time_to_seconds(moment[1] + moment[3])
    by = _value(text, "TSA").removeprefix("DirName:") or "an authority that it does not name"
    when = f"stamped by {by} at {utc(seconds)}"
    known = authorities or (kept if kept is not None and kept.is_file() else None)
    hint = "TSA_CA= names the certificates that you trust"
    if known is None:
        return Stamp("unvouched", f"{when}, its signature not checked; {hint}", seconds)
    done = _openssl("-verify", "-data", content, "-in", token, "-CAfile", known, "-attime", seconds)
    if done.returncode != 0:
        why = f"{known.name} does not vouch for it ({_said(done)})"
        return Stamp("bad", f"the time stamp is not good: {why}")
    if authorities is None:
        return Stamp("unvouched", f"{when}, by the certificates that came with it; {hint}", seconds)
    return Stamp("valid", when, seconds)


def utc(seconds: float) -> str:
    """A time in UTC, ISO 8601, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _answer(server: str, query: bytes) -> bytes:
    """What the server answers to a query; raises StampError."""
    told = f"TSA={server}"
    kinds = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    until = time.monotonic() + LONGEST
    try:
        asked = urllib.request.Request(server, query, kinds)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as opened:
            found = b""
            while chunk := opened.read1(65536):
                found += chunk
                if len(found) > MOST_BYTES:
                    raise StampError(f"{told}: its answer is longer than {MOST_BYTES:,} bytes")
                if time.monotonic() > until:
                    raise TimeoutError
            return found
    except urllib.error.HTTPError as error:
        why = f"it answered {error.code} {error.reason}"
        raise StampError(f"{told}: {why}; allowed: the address of a time stamp authority") from None
    except TimeoutError:
        raise StampError(f"{told}: no whole answer in {PATIENCE:.0f} to {LONGEST:.0f} s") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error)
        hint = "check the address and the network; without TSA= the statement has no time stamp"
        raise StampError(f"{told}: does not answer ({why}); {hint}") from None


def _openssl(*words: object) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(
            ["openssl", "ts", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True
        )
    except FileNotFoundError:
        raise StampError(
            "openssl is not installed; time stamps need it, nothing else does"
        ) from None


def _text(token: Path, kind: str = "-reply") -> str | None:
    done = _openssl(kind, "-in", token, "-text")
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _value(text: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _nonce(text: str) -> str:
    return _value(text, "Nonce")


def _digest(text: str) -> str:
    """The digest that a query or a stamp is of, in hexadecimal; "" unless it is one of SHA-256."""
    rows = re.findall(r"^ +[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){1,16})", text, re.MULTILINE)
    digest = re.sub("[ -]", "", "".join(rows))
    return digest if _value(text, "Hash Algorithm") == "sha256" else ""


def _said(done: subprocess.CompletedProcess) -> str:
    """The last reason that openssl gives; its lines have other fields before and behind that."""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    last = said[-1] if said else f"it ended with code {done.returncode}"
    reason = re.search(r":error:\w+:[^:]*:[^:]*:([^:]*):[^:]*:\d+:(.*)$", last)
    return ", ".join(filter(None, reason.groups())) if reason else last
