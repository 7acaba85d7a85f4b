"""What may be wrong with a model."""


class ModelError(Exception):
    """A model that cannot be used: what is wrong with it, in words for whoever wrote the site file."""
