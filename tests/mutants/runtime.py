"""Edits that break RUN lessons, and innocent ones."""
