"""Stands in for the decoding process as a file could that has taken it over."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path


def say_lines(connection: Connection, path: str, *_: object) -> None:
    """Send every line of the file as a message."""
    for line in Path(path).read_bytes().split(b"\n"):
        connection.send_bytes(line)


def stall_in_message(connection: Connection, *_: object) -> None:
    """Announce a message, send a part of it, and keep the line busy."""
    os.write(connection.fileno(), b"\x00\x00\x10\x00H{")
    time.sleep(60)


def announce_too_much(connection: Connection, *_: object) -> None:
    """Announce two gigabytes."""
    os.write(connection.fileno(), b"\x7f\xff\xff\xff")
    time.sleep(60)
