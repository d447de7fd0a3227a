"""Where records go: encoded, cut into parts, stored, and proven by a manifest."""
