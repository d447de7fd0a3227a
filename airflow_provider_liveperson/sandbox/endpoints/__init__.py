"""One module per LivePerson API that the sandbox plays, and one for its own controls."""
