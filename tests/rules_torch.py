#!/usr/bin/env python3
"""The committed trajectories of the rules are what the oracle computes, and the oracle agrees with torch.optim."""
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
sys.exit(subprocess.call([sys.executable, os.path.join(here, "golden", "rules.py"), "--check"]))
