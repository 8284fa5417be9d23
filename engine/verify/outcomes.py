"""The three outcomes of a check."""

from __future__ import annotations

from engine.types import Check, CheckStatus, ParamValue


def passed(check_id: str, reason: str, **params: ParamValue) -> Check:
    """The check was made and holds."""
    return Check(check_id, CheckStatus.PASS, reason, params)


def failed(check_id: str, reason: str, **params: ParamValue) -> Check:
    """The check was made and does not hold."""
    return Check(check_id, CheckStatus.FAIL, reason, params)


def not_checked(check_id: str, reason: str, required: bool = True, **params: ParamValue) -> Check:
    """The check could not be made; where it is not `required` a report may hold without it."""
    return Check(check_id, CheckStatus.NOT_CHECKED, reason, params, required)
