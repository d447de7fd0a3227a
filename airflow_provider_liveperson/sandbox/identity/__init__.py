"""The sandbox's ways in: Sentinel, logins, signatures, tokens."""
