"""What a record is: its bytes, its columns, and what is masked in it. All other packages build on this one."""
