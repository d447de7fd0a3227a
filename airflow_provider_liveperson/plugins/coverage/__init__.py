"""The coverage page: what has landed of each dataset, day by day, and what is missing."""
