"""Data sets as typed rows: EMER, MER-style tables, a table of your own."""
