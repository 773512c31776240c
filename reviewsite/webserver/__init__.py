"""The web server: gunicorn's threads, behind a loop that receives requests and sends answers for them.

A thread gets a request once it has arrived whole, and leaves its answer behind, so that a slow client
occupies a socket and some disk, never a thread. See docs/decisions/024-….md.
"""
