"""TST and DOC: tests and documents."""
