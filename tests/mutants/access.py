"""Edits that break IAM lessons, and innocent ones."""
