"""Lists the recipes with a line each and the defaults of their settings."""

import argparse

PARSER = argparse.ArgumentParser(description=__doc__)
