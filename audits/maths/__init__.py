"""What is computed, on numpy arrays: no Django, no database. Each formula names its source."""
