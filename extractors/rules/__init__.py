"""What a statement says of its subject, and which earlier statement that takes the place of: without a model."""
