"""Curves and intervals measured in sound and picture; what they mean is said elsewhere."""
