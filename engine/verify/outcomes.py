"""The three outcomes of a check."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import ErrorCode, SeongmunError
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


SIGNATURE_HOLDS = frozenset({"signature.present", "signature.integrity", "signature.coverage"})


def require_passed(checks: Iterable[Check], needed: frozenset[str]) -> None:
    """Refuse a document of our own that does not pass what it must before it is handed out.

    Raises
    ------
    SeongmunError
        REPORT_SELF_CHECK.
    """
    missing = needed - {check.id for check in checks if check.status is CheckStatus.PASS}
    if missing:
        raise SeongmunError(ErrorCode.REPORT_SELF_CHECK, reason=", ".join(sorted(missing)))
