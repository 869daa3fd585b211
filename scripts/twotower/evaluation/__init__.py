"""Risks of fitted towers and estimators, and the quality of their rankings."""
