"""Edits that break TST and DOC lessons, and innocent ones."""
