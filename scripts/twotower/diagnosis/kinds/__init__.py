"""Ratings and clicks: what differs between their diagnoses, behind one interface."""
