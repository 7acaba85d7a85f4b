"""Cameras, contacts and outputs: each driver a process of its own, reached over the wire protocol (docs/wire.md)."""
