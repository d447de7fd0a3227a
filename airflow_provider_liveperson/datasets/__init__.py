"""What can be pulled: one declaration per LivePerson API."""
