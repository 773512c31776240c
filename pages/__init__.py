"""The HTML pages: start, sign-in, inbox, review and label screens, and the daily digest."""
