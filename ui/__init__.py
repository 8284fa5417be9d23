"""The desktop program (Qt). Of the engine it may import `types` and `errors` only."""
