"""What a pull costs, against the bare download and against ``HttpOperator``. Run by ``make bench``."""
