"""Sealing, verifying, rerunning, comparing and exporting a finished study."""
