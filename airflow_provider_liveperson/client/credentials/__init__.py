"""The kinds of credentials, one file each: what signs requests and, where possible, renews itself."""
