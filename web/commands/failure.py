"""Why a command cannot do what it was asked."""


class Failure(Exception):
    """One sentence for the operator that says what to do."""
