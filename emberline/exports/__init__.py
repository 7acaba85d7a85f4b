"""Logs in the formats of other tools, one module each; `emberline export` is the table of them."""
