"""`python .kit COMMAND`: the folder is on Python's path, so nothing else has to be."""

from kit.__main__ import main

main()
