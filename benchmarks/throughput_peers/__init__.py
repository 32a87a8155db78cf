"""The contestants of ``throughput.py``: one step each, all on the nets of ``cases.py``.

The peers' steps are restated here in our own words; none of their code is copied.
"""
