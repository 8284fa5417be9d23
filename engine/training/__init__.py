"""The recipe of the embedded speaker model. Needs the `train` extra; the product never imports it.

`python -m engine.training --help` runs it; `docs/training.md` explains it.
"""
