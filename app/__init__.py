"""Use cases, settings and the command line. Knows the engine; only `gui_main` imports the UI."""
