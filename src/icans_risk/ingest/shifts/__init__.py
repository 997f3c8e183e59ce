"""Values that are silently in another unit than stated, and whether they stand for the outcome."""
