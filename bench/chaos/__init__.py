"""`make chaos`: the whole site in processes of its own, and the faults that must not cost an event.

`make chaos F=F1 SEED=1 N=10000 KILLS=50` runs one fault, `make chaos` all of them; each prints a JSON line and the exit code
says whether all passed. `NAIVE=1` sends by on_commit + delay(), without an outbox: it must lose some, or the harness is blind.
"""
