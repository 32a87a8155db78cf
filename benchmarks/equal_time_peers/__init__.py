"""The contestants of ``equal_time.py``, each in a file of its own, and the judge of their pictures.

The peers are restated here in our own words from what their authors publish; none of their code is copied.
"""
