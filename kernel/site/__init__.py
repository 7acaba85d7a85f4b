"""The site file: its model, and reading it with errors that say path, line, value and what is allowed."""
