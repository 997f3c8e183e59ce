"""From scans with masks to measurements; nothing is imported here, workers load what they need."""
