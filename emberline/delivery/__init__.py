"""From an action that was asked for to a notice at a server: outbox, pictures, clips, and the courier."""
