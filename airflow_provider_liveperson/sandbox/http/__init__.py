"""The sandbox's HTTP: application, middleware, faults, request log."""
