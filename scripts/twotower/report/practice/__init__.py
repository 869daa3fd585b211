"""Figures for people who run a service."""
