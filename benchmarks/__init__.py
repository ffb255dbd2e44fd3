"""Measurements against peers, recorded with commit, data and hardware: ratios within one run, never bare times."""
