"""Export a sealed study as a Provenance Run Crate: `python export.py [FOLDER]`.

With codecheck.yml and filled checklists. Two exports of the same results have the same bytes.
"""

from pathlib import Path

from twotower.base import console

console.start()

from twotower.audits import exporting  # noqa: E402
from twotower.audits.crate import profiles  # noqa: E402
from twotower.audits.seal import sealed_files  # noqa: E402
from twotower.base import safe_names, words  # noqa: E402
from twotower.running import processes  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("folder", nargs="?", type=Path, default=Path("results-crate"))
parser.add_argument("--without", nargs="*", default=[], metavar="KIND",
                    help="describe these files with their hashes, do not copy them")  # fmt: skip
parser.add_argument("--profile", default=profiles.DEFAULT, metavar="VERSION",
                    help="the version of Provenance Run Crate to write")  # fmt: skip
parser.add_argument("--zip", nargs="?", const="yes", default="no", choices=["yes", "no"],
                    help="pack it into FOLDER.zip as well")  # fmt: skip
given = parser.parse_args()
profile = profiles.named(given.profile)
processes.require_idle(Path.cwd().resolve())
kinds, zips = sealed_files.kinds(given.without), given.zip == "yes"
made = exporting.export(given.folder, kinds, profile, zips)
held = [each for each in made.story.files.values() if each.is_here]
study, size = safe_names.shown(made.story.name), exporting.size(made.story) / 1e6
print(f"{given.folder}: study {study}, {len(made.story.jobs)} jobs, "
      f"{len(held):,} files, {size:,.1f} MB, Provenance Run Crate {profile.version}")  # fmt: skip
if left := made.left_out:
    print(f"left out{' as WITHOUT= names' if kinds else ''}: {words.shares(left)}")
for path in made.texts:
    print(f"{given.folder / path}")
for each in made.missing:
    print(safe_names.shown(f"still to be given by the authors, for {each}"))
for each in made.notes:
    print(safe_names.shown(each))
archive = exporting.archive_of(given.folder)
if zips:
    print(f"{archive}: SHA-256 {exporting.zipped(given.folder)}")
elif exporting.is_outdated(archive, made.metadata):
    print(f"{archive} is of an earlier export; `make export ZIP=yes`, with the same TO=, WITHOUT= "
          "and CRATE_PROFILE=, renews it")  # fmt: skip
print(f"ro-crate-metadata.json, which stands for all: SHA-256\n{made.metadata}")
