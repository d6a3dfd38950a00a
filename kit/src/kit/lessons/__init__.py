"""The gate: holds this service against the lessons of docs/lessons.md. `make lessons` runs it.

Template-owned: `copier update` merges changes here.
"""
