"""LivePerson's APIs: one module or folder each, by the names of datasets/."""
