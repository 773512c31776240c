"""The events described for those who receive them: JSON schemas, examples that really happened, and the pages made of both."""
