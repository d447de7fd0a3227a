"""The main road: from a window to what has landed."""
