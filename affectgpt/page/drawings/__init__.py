"""What is drawn of an answer: pure functions of values, every foreign text escaped."""
