"""The tab that scores a table of predictions."""
