"""A case of many recordings: adding beside `sha256sum` and `cp`, opening and listing.

`python -m benchmarks.case [N]`; N is 10,000 unless told.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.services.casework import add_recordings, list_case, new_case

FILE_BYTES = 40_000


def main() -> None:
    """Print one line per step."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    megabytes = number * FILE_BYTES / 1e6
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as scratch:
        sources = Path(scratch) / "sources"
        sources.mkdir()
        for i in range(number):
            (sources / f"{i:06d}.wav").write_bytes(os.urandom(FILE_BYTES))
        command = f"find {sources} -type f -print0 | xargs -0 sha256sum > /dev/null"
        hashing_s = seconds(lambda: subprocess.run(command, shell=True, check=True))
        copying = ["cp", "-r", str(sources), f"{scratch}/copy"]
        copying_s = seconds(lambda: subprocess.run(copying, check=True))
        print(f"{number} files, {megabytes:.0f} MB")
        print(f"sha256sum          {hashing_s:7.1f} s {megabytes / hashing_s:8.1f} MB/s")
        print(f"cp -r, not flushed {copying_s:7.1f} s {megabytes / copying_s:8.1f} MB/s")
        for passphrase in ("", "correct horse battery"):
            case = Path(scratch) / f"case{len(passphrase)}"
            new_case(case, "1", "x", passphrase=passphrase)
            added_s = seconds(
                lambda case=case, phrase=passphrase: add_recordings(
                    case, [sources], "known", passphrase=phrase
                )
            )
            listed_s = seconds(lambda case=case, phrase=passphrase: list_case(case, phrase))
            kind = "encrypted" if passphrase else "plain"
            print(f"{kind:10} add     {added_s:7.1f} s {megabytes / added_s:8.1f} MB/s")
            print(f"{kind:10} open and list {listed_s:7.2f} s", flush=True)


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
