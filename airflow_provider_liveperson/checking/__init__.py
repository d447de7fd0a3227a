"""What a connection can reach, and whether two connections read the same."""
