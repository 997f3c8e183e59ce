"""What the tables of a study mean: infusions, grades, results, a daily table."""
