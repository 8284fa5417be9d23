"""Who is heard where: voices across calls, and the rings behind them."""
