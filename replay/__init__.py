"""Recordings into facts, facts refolded: importing, replay, verification, what-if."""
