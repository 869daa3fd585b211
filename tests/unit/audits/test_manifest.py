"""Merkle roots against published vectors, and what a manifest holds of a folder."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from twotower.audits.seal import manifest, sealed_files
from twotower.audits.seal.manifest import Entry, Manifest, ManifestError

# The vectors of Certificate Transparency's reference implementation of RFC 6962.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
STUDY = {"file": "study.yaml", "settings": "0" * 64, "run": "0" * 16}
MADE = {
    "results/data/a/ratings.safetensors": "data",
    "results/runs/b/0.safetensors": "weights",
    "results/references/a/0.safetensors": "weights",
    "results/risks/b.csv": "risks",
    "results/rates/x/rates.csv": "rates",
    "results/figures/x.png": "figures",
    "results/tables/claims.csv": "tables",
    "results/records/risks/b.csv.json": "records",
    "results/index.csv": "other",
    "Snakefile": "code",
    "scripts/towers/train.py": "code",
    "scripts/twotower/audits/rerun/page.html.j2": "code",  # the audit's page is written from it
    "workflow/rules/train.smk": "code",
    "config.yaml": "code",
    "study.yaml": "study",
}
BESIDE = [
    "results/logs/train/b.log",
    "results/benchmarks/train/b.tsv",
    "results/seal/manifest.json",
    "results/seal/manifest.json.sig",
    "README.md",
    "scripts/__pycache__/train.pyc",
]


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_of_the_rfc(count):
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES[:count]]
    assert manifest.merkle_root(leaves).hex() == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert manifest.merkle_root([]) == hashlib.sha256(b"").digest()


def test_any_number_of_leaves_splits_as_the_rfc_says():
    """At the largest power of two below their number."""

    def defined(leaves):
        if len(leaves) == 1:
            return hashlib.sha256(b"\0" + leaves[0]).digest()
        at = 1 << (len(leaves) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + defined(leaves[:at]) + defined(leaves[at:])).digest()

    for count in range(1, 70):
        leaves = [str(number).encode() for number in range(count)]
        assert manifest.merkle_root(leaves) == defined(leaves), count


@pytest.fixture
def folder(tmp_path):
    for path in [*MADE, *BESIDE]:
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path)
    return tmp_path


def build(folder):
    return manifest.build(folder, STUDY, folder)


def test_every_file_has_its_kind_and_hash(folder):
    found = build(folder).files
    assert {path: entry.kind for path, entry in found.items()} == MADE
    for path, entry in found.items():
        content = (folder / path).read_bytes()
        assert (entry.bytes, entry.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_timings_that_a_record_names_are_sealed(folder):
    record = folder / "results/records/benchmarks/train/b.tsv.json"
    record.parent.mkdir(parents=True)
    record.touch()
    assert "results/benchmarks/train/b.tsv" in build(folder).files


@pytest.mark.parametrize("path", MADE)
def test_any_byte_changes_the_root(folder, path):
    before = build(folder).root
    (folder / path).write_text(path.upper())
    assert build(folder).root != before


@pytest.mark.parametrize("path", BESIDE)
def test_what_is_beside_the_seal_does_not(folder, path):
    before = build(folder).root
    (folder / path).write_text("other")
    assert build(folder).root == before


def test_names_and_kinds_count_as_bytes_do():
    entry = Entry("data", 3, "0" * 64)
    roots = {
        Manifest(STUDY, (), (), {path: each}).root
        for path in ("a", "b")
        for each in (entry, replace(entry, kind="code"), replace(entry, bytes=4))
    }
    assert len(roots) == 6


def test_the_root_by_hand():
    """One file: the root over ten kinds, of which one has a leaf, and the header."""
    row = '{"bytes":3,"kind":"data","path":"a","sha256":"%s"}' % ("0" * 64)
    leaf = hashlib.sha256(b"\0" + row.encode()).hexdigest()
    empty = hashlib.sha256(b"").hexdigest()
    pairs = [
        f'["{kind}","{leaf if kind == "data" else empty}"]' for kind in sealed_files.FILE_KINDS
    ]
    header = json.dumps({"environments": ["e"], "runs": ["r"], "study": STUDY},
                        sort_keys=True, separators=(",", ":"))  # fmt: skip
    pairs.append(f'["header",{header}]')
    root = manifest.merkle_root([pair.encode() for pair in sorted(pairs)]).hex()
    assert Manifest(STUDY, ("r",), ("e",), {"a": Entry("data", 3, "0" * 64)}).root == root


def test_what_no_file_says_is_under_the_root():
    """Which of several recorded runs has made the study, above all."""
    headers = [(STUDY, (), ()), (STUDY | {"run": "1" * 16}, (), ()), (STUDY, ("0" * 16,), ()),
               (STUDY, (), ("0" * 16,))]  # fmt: skip
    assert len({Manifest(*header, {}).root for header in headers}) == 4


@pytest.mark.parametrize("path", ["yaml/__init__.py", "yaml/__init__.pyc", "yaml.so", "yaml.pyc"])
def test_what_python_would_import_from_beside_the_snakefile_is_code(folder, path):
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).touch()
    assert build(folder).files[path].kind == "code"


def test_what_is_no_ordinary_file_is_named_and_not_sealed(folder):
    before = build(folder)
    assert sealed_files.look(folder, folder).odd == {}
    os.symlink("nowhere", folder / "results/checkpoints")
    os.symlink("../figures", folder / "results/tables/more")
    os.mkfifo(folder / "results/tables/pipe.csv")
    os.mkfifo(folder / "scripts/pipe.py")
    assert sealed_files.look(folder, folder).odd == {
        "results/checkpoints": "a link that leads nowhere",
        "results/tables/more": "a link to a folder",
        "results/tables/pipe.csv": "a pipe",
        "scripts/pipe.py": "a pipe",
    }
    assert build(folder) == before


def test_a_manifest_is_read_as_it_was_written(folder):
    sealed = build(folder)
    (folder / sealed_files.MANIFEST).write_text(sealed.text())
    assert manifest.read(folder) == sealed == manifest.read(folder / sealed_files.MANIFEST)
    assert manifest.read(folder).text() == build(folder).text()
    assert str(folder) not in sealed.text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no manifest"),
        ("[]", "is no manifest"),
        ('{"format": "tower-rates seal 1"}', "is no manifest"),
        (json.dumps({"format": "tower-rates seal 2"}), "is of the format 'tower-rates seal 2'"),
    ],
)
def test_what_is_no_manifest_is_told(folder, text, words):
    (folder / sealed_files.MANIFEST).write_text(text)
    with pytest.raises(ManifestError, match=words):
        manifest.read(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/a"},
        {"path": "results/../a"},
        {"path": "results/\ud800"},
        {"path": "results/a\n"},
        {"path": "results/" + "a" * 300},
        {"bytes": float("inf")},
        {"bytes": "3"},
        {"sha256": "a"},
        {"kind": "x"},
    ],
)
def test_entries_that_are_nobodys_to_open_make_it_none(folder, change):
    content = json.loads(build(folder).text())
    content["files"][0] |= change
    (folder / sealed_files.MANIFEST).write_text(json.dumps(content))
    with pytest.raises(ManifestError, match="is no manifest"):
        manifest.read(folder)


@pytest.mark.parametrize("change", [{"run": []}, {"run": "--a"}, {"file": "../a"}, {"note": "x"}])
def test_a_study_of_another_form_makes_it_none(folder, change):
    content = json.loads(build(folder).text())
    content["study"] |= change
    (folder / sealed_files.MANIFEST).write_text(json.dumps(content))
    with pytest.raises(ManifestError, match="is not of the right form"):
        manifest.read(folder)


def test_a_pipe_in_its_place_is_not_opened(folder):
    (folder / sealed_files.MANIFEST).unlink()
    os.mkfifo(folder / sealed_files.MANIFEST)
    with pytest.raises(ManifestError, match="is no manifest"):
        manifest.read(folder)


def test_without_a_seal_the_remedy_is_told(tmp_path):
    with pytest.raises(ManifestError, match="there is no seal; `make seal` makes one"):
        manifest.read(tmp_path)


def test_the_project_is_in_the_folder_or_here(folder, tmp_path):
    assert sealed_files.project_of(folder) == folder
    assert (sealed_files.project_of(Path(tmp_path / "results")) / "Snakefile").is_file()
