"""The science and the evidence handling of Seongmun. Knows neither Qt nor the command line."""
