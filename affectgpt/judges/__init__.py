"""Judges of EMER's clue overlap and label overlap."""
