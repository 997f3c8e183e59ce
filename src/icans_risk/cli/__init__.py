"""The command line: one thin file per command, its job imported only when it is called."""
