"""Files in and out: imports, exports, kept exports."""
