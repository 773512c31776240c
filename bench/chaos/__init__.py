"""`make chaos`: faults in a site of its own, none of which may cost an event. See docs/how-to/chaos.md."""
