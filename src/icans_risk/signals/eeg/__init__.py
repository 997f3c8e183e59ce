"""From an electroencephalogram to measurements; see the room's README for the way of a file.

Nothing is imported here: a worker needs no tables, and a table no signals.
"""
