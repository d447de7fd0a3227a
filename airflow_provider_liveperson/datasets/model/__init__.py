"""What a dataset's declaration is made of."""
