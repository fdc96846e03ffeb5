"""The tab that says what this is."""
