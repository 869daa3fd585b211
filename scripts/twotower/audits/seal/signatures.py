"""Signatures of a manifest, or a statement, by an SSH key: `ssh-keygen` makes and checks them."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from twotower.base import errors, files

NAMESPACE = "tower-rates"
STATED = "tower-rates-preregistration"
"""What a signature is for: a signature that was made for something else does not pass."""
MOST_BYTES = 1_000_000  # of a signature; one has some 300

_NEW = "`ssh-keygen -t ed25519` makes one"
_HINTS = [
    ("passphrase", "`ssh-add {0}` asks for its passphrase, which no terminal did here"),
    ("UNPROTECTED", "others may read it: `chmod 600 {0}`"),
]
"""What to do about a key, by what ssh-keygen says of it."""


class SignatureError(errors.ExpectedError):
    """A key that cannot sign, or signers that cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Signature:
    """What is known of a manifest's signature.

    Attributes:
        state: "none", "valid" (by a known signer), "unvouched" (valid, of a key that nobody
            vouches for) or "bad".
        words: the same for a reader, with the signer or the key.
    """

    state: str
    words: str


def sign(manifest: Path, signature: Path, key: Path, purpose: str = NAMESPACE) -> None:
    """Sign a manifest with a private key of SSH; asks for its passphrase if it has one.

    Args:
        purpose: what the signature is for, NAMESPACE or STATED.

    Raises:
        SignatureError: if that fails.
    """
    require(key)
    done = _keygen(["sign", "-f", str(key)], manifest, purpose)
    if done.returncode != 0:
        why = f"ssh-keygen cannot sign with it ({_said(done)}); allowed: a private key of SSH"
        said = done.stderr.decode(errors="replace")
        hints = (hint for pattern, hint in _HINTS if re.search(pattern, said))
        raise SignatureError(f"{key}: {why}; {next(hints, _NEW).format(shlex.quote(str(key)))}")
    with files.atomic_write(signature) as temporary:
        temporary.write_bytes(done.stdout)


def require(key: Path) -> None:
    """Refuse a key that is nowhere, before any work; raises SignatureError."""
    if key.is_dir():
        raise SignatureError(f"{key}: is a folder; allowed: the file of a private key of SSH")
    if not key.is_file():
        raise SignatureError(f"{key}: there is no such key; {_NEW}")


def check(
    manifest: Path, signature: Path, signers: Path | None = None, purpose: str = NAMESPACE
) -> Signature:
    """Whether a manifest is signed, by a key that the file of allowed signers names.

    Raises:
        SignatureError: if there is no file of signers where one is named.
    """
    if signers is not None and not signers.is_file():
        what = "is a folder" if signers.is_dir() else "there is no such file"
        raise SignatureError(f"{signers}: {what}; allowed: a file of allowed signers")
    if not signature.is_file():
        return Signature("none", "not signed")
    what = "manifest" if purpose == NAMESPACE else "statement"
    if (size := signature.stat().st_size) > MOST_BYTES:  # ssh-keygen would read it to its end
        return Signature("bad", f"the signature is not of this {what} (it has {size:,} bytes)")
    key = _keygen(["check-novalidate", "-s", str(signature)], manifest, purpose)
    if key.returncode != 0:
        why = f"the signature is not of this {what} ({_said(key)})"
        if "namespace" in _said(key):
            why = f"the signature was made for another purpose than {purpose} ({_said(key)})"
        return Signature("bad", why)
    if signers is None:
        return Signature("unvouched", f"{_said(key)}; SIGNERS= names the keys that you trust")
    about = ["find-principals", "-s", str(signature), "-f", str(signers)]
    found = _keygen(about, manifest, purpose)
    names, told = found.stdout.decode(errors="replace").split("\n"), found.stderr
    for name in filter(None, names):
        about = ["verify", "-f", str(signers), "-I", name, "-s", str(signature)]
        done = _keygen(about, manifest, purpose)
        if done.returncode == 0:
            return Signature("valid", f"signed by {name}")
        told += done.stderr
    lines = told.decode(errors="replace").splitlines()
    if reasons := dict.fromkeys(line.strip() for line in lines if line.startswith(f"{signers}:")):
        hint = "a signature tells no time, and is for one purpose: see the options of that line"
        return Signature("bad", f"{'; '.join(reasons)} ({_said(key)}); {hint}")
    form = "a line of that file is `name@example.org ssh-ed25519 AAAA…`"
    return Signature("bad", f"{signers} does not name who signed ({_said(key)}); {form}")


def _keygen(action: list[str], content: Path, purpose: str) -> subprocess.CompletedProcess:
    command = ["ssh-keygen", "-Y", action[0], "-n", purpose, *action[1:]]
    try:
        with open(content, "rb") as file:
            return subprocess.run(command, stdin=file, capture_output=True, check=False)
    except FileNotFoundError as error:
        if error.filename == str(content):
            raise
        raise SignatureError("ssh-keygen is not installed; it comes with OpenSSH") from None


def _said(done: subprocess.CompletedProcess) -> str:
    lines = (done.stderr.strip() or done.stdout).decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else f"it ended with code {done.returncode}"
