"""The truth: each subject's module beside its statements."""
