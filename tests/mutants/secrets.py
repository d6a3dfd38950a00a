"""Edits that break SEC lessons, and innocent ones."""
