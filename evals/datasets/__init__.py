"""The data sets that others made, each read into the same conversations and questions."""
