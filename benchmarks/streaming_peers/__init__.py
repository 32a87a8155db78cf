"""Input pipelines that ``benchmarks/streaming.py`` compares, each in a process of its own."""
