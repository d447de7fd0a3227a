"""Key Messaging Metrics."""
