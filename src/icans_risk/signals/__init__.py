"""From raw recordings to events: files that nobody may trust, read by workers that may fail.

Nothing is imported here: a worker loads what its files need and no more.
"""
