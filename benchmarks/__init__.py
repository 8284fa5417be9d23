"""`make bench`: speed as ratios against a peer in the same run, and as multiples of real time."""
