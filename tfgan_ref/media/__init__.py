"""Each kind of output: how it is drawn, written to files and exported."""
