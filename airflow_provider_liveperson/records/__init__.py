"""What a record is, for everybody above."""
