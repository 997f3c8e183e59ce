"""Any file becomes raw cells: text, workbooks, Parquet; nothing interpreted."""
