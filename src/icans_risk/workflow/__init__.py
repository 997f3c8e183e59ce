"""One file per job: rooms put together, no formula of its own."""
