"""`python -m engine.cli`: the command of a release by its interpreter."""

from engine.cli.application import main

main()
