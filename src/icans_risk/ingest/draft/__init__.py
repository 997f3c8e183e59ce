"""A first draft of a study file from the look of an export."""
