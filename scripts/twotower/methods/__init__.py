"""Estimators beside the towers: the reference, the joint regression, comparators."""
