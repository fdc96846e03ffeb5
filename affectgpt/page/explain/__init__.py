"""The first tab: one clip, its answer, and what can be asked about it."""
