"""Our HTML: start page, inbox, review and label screens, and the daily mail."""
