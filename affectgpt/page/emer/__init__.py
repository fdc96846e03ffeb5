"""The tab that reads a data set."""
