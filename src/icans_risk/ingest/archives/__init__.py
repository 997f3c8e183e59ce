"""Archives in a common data model: MEDS and OMOP."""
