"""What has landed of a range of time, and what is missing."""
