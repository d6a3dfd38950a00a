"""From a service's files to a live service: preflight, deployment, checks and operation.

`make` calls its commands; `python .kit` lists them.
"""
