"""What is the same in every service of this template: its checks, its deployment, its functions that come and go.

The Makefile calls it as `python .kit COMMAND`. It belongs to the template: `make update` replaces it, and the
gate tells a change that was made here by hand. What needs changing is changed in the template.
"""
