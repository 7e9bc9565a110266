"""What tests of applications on semmem need too: a model server."""
