"""Edits that break CD lessons, and innocent ones."""
