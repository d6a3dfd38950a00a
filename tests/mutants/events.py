"""Edits that break EVT lessons, and innocent ones."""
