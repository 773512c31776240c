"""Our HTML."""
