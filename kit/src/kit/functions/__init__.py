"""Functions come and go, answers change, and later versions of the template arrive.

A function is what the `functions` answer in .copier-answers.yml names. Each command lets Copier render
the service twice, at the template's version in use: with the answers as they are, and with the new
ones. What differs is merged into the files of the service, and `rename` moves folders with git.
Nothing is committed, and a command that fails leaves everything as it was.
"""
