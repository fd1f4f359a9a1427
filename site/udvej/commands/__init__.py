"""One module a command of `udvej`, so that a process imports what it needs and no more."""
