"""The sandbox's credentials: Sentinel, logins, signatures, tokens."""
