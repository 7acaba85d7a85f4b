"""The tuning report: one HTML file with everything in it."""
