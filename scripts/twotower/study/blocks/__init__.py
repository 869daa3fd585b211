"""Blocks of a study for further analyses, a module for each."""
