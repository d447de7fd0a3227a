"""What a connection can reach, and whether two read the same."""
