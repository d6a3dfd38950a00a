"""From a service's files to a live service: preflight, deployment, checks and operation.

`make` calls it as `python .kit delivery COMMAND`; every command has --help.
"""
