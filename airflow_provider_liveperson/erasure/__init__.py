"""Takes the records of persons out of what has landed."""
