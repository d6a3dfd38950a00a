"""Edits that break DEP lessons, and innocent ones."""
