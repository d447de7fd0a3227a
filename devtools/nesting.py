"""How deep JSON must be nested so that nothing reads it."""

from __future__ import annotations

import sys

# Python counted levels before 3.14, which measures the stack.
TOO_DEEP = 1_000_000 if sys.version_info >= (3, 14) else 50_000
