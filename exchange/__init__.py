"""Files in and out: imports, exports, saved exports."""
