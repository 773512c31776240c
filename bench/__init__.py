"""Measurements: each module is run with `python -m`, in a throw-away database, and prints JSON."""
