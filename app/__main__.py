"""Entry point: the command line, and the desktop program without a command."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> None:
    """Run `seongmun`."""
    multiprocessing.freeze_support()
    if not sys.argv[1:]:  # without the command line's modules the window is there at once
        from app.gui_main import run_gui

        sys.exit(run_gui())
    from app.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
