"""Benchmarks as rows of one table: predict to JSONL, then score."""
