"""Edits that break IAC lessons, and innocent ones."""
