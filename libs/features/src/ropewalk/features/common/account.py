"""The account of a fit: per column, what was done and why."""

from typing import Literal, TypedDict

Action = Literal["kept", "changed", "dropped"]


class AccountRow(TypedDict):
    """One line of an account: plain text, so that it goes into JSON and into a table as it is.

    Attributes
    ----------
    column : str
        The column that went in, or one that the flow made and dropped again.
    action : {"kept", "changed", "dropped"}
        What was done with it.
    reason : str
        Why, in words, with the counts of the training rows.

    Examples
    --------
    >>> AccountRow(column="distance", action="kept", reason="nothing to mend")["action"]
    'kept'
    """

    column: str
    action: Action
    reason: str
