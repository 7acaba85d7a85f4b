"""From sweeps and labels to a recommendation, and how sure it is."""
