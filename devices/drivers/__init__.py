"""The drivers that come with Emberline; each module is a program that the driver host starts."""
