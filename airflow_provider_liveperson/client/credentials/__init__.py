"""The ways in. Each is one file: something that signs requests and, where it can, renews itself."""
