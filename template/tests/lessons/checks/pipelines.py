"""CI: pipelines."""
