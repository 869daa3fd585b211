"""Every cheat that `make audit-selftest` tries, in the order of docs/audits-cheats.md."""
# ruff: noqa: F401, I001

from cheats import on_results, on_records, on_code, on_environments, on_seals, on_statements
from cheats import on_claims, on_tables, on_job_records, on_runs, on_files, on_manifests
from cheats import on_git, on_processes, on_crates, on_time
from cheats import on_everything
from cheats.registry import CHEATS, MANIFEST, TABLE, Cheat

__all__ = ["CHEATS", "MANIFEST", "TABLE", "Cheat"]
