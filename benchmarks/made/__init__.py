"""Made-up ratings in published layouts and sizes, with a planted truth: `made_ratings.py`."""
