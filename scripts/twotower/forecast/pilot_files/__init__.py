"""Learning curves that people bring as tables: reading, choosing, checking."""
