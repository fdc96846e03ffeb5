"""The commands of the command line but for `explain` and `serve`, by what they are about."""
