"""Checks a report that somebody else made. Trusts nothing in it."""
