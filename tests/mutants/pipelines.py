"""Edits that break CI lessons, and innocent ones."""
