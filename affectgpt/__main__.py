"""`python -m affectgpt` is the command line."""

from .cli import main

main()
