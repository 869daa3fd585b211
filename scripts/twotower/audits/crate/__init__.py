"""A finished study as a research object: crate, checklists, codecheck."""
