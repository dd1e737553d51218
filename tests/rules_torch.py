#!/usr/bin/env python3
"""The committed trajectories of the rules and rates of plateau are what the oracles compute, and the oracle of the rules
agrees with torch.optim."""
import os
import subprocess
import sys

try:
    import numpy  # noqa: F401
    import torch  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

here = os.path.dirname(os.path.abspath(__file__))
sys.exit(max(subprocess.call([sys.executable, os.path.join(here, "golden", name), "--check"])
             for name in ("rules.py", "matrix.py", "plateau.py")))
