"""The audit tests use the SQL oracle of the questions room."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "questions"))
