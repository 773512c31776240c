"""The reference of events for consumers: JSON schemas, examples, and the pages made of both."""
