"""Why a signature does not count, in ssh-keygen's own words: real keys, real files of signers."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from twotower.audits.seal import signatures

MANIFEST, SIGNATURE, SIGNERS = Path("manifest.json"), Path("manifest.json.sig"), Path("signers")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two keys, and a text that the first has signed, for its purpose and for another one."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / MANIFEST).write_text("{}")
    for name in ("key", "other"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name]
        subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
    for place, purpose in ((SIGNATURE, signatures.NAMESPACE), (Path("stated"), signatures.STATED)):
        signatures.sign(folder / MANIFEST, folder / place, folder / "key", purpose)
    return folder


@pytest.fixture
def check(made, tmp_path, monkeypatch):
    """The verdict on a signature, by one line of allowed signers."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")

    def checked(options="", key="key", signature=SIGNATURE):
        public = Path(f"{key}.pub").read_text().strip()
        SIGNERS.write_text(f"# who may sign\na@example.org {options} {public}\n")
        return signatures.check(MANIFEST, signature, SIGNERS)

    return checked


@pytest.mark.parametrize("options", ["", 'namespaces="git,tower-rates"', 'valid-after="20200101"'])
def test_a_signer_who_is_named_and_allowed_counts(check, options):
    assert check(options).words == "signed by a@example.org"


@pytest.mark.parametrize(
    "options, words",
    [
        ('valid-before="20200101"', "key has expired"),
        ('valid-after="20990101"', "key is not yet valid"),
        ('namespaces="git"', 'key is not permitted for use in signature namespace "tower-rates"'),
        ("nonsense=1", "bad options"),
    ],
)
def test_options_that_stand_against_a_key_are_told(check, options, words):
    found = check(options)
    assert found.state == "bad" and found.words.startswith(f"signers:2: {words}")
    assert "does not name who signed" not in found.words


def test_a_signer_who_is_not_named_is_told_so(check):
    assert check(key="other").words.startswith("signers does not name who signed")


def test_a_signature_for_another_purpose_is_told_as_such(check):
    told = "the signature was made for another purpose than tower-rates (Couldn't verify"
    assert check(signature=Path("stated")).words.startswith(told)
    assert signatures.check(MANIFEST, Path("stated")).words.startswith(told), "without signers too"


def test_a_changed_text_is_told_as_one(check):
    MANIFEST.write_text("{ }")
    assert check().words.startswith("the signature is not of this manifest (")


def test_a_signature_without_end_is_none(check):
    os.truncate(SIGNATURE, 8 * 10**12)
    assert check().words == "the signature is not of this manifest (it has 8,000,000,000,000 bytes)"
