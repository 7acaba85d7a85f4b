"""The daemon as a service: its clock, its health, and what it tells service managers and monitoring."""
