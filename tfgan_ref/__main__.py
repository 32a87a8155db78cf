"""``python -m tfgan_ref``, or ``tfgan``, lists the recipes and the scripts with a line each."""

from tfgan_ref import cli

SCRIPTS = {
    "train.py": "trains a recipe in a run directory, or continues a run",
    "sample.py": "draws samples from a run or a SavedModel",
    "apply.py": "applies a translator to files: pictures or recordings",
    "evaluate.py": "scores a run, a SavedModel or any images against real data",
    "compare.py": "trains and scores several recipes, or values of a setting, alike",
    "export.py": "exports the averaged generator of a run as a SavedModel",
}


def main() -> None:
    """Prints both lists."""
    cli.quiet_tensorflow()
    from tfgan_ref.recipes import RECIPES

    width = max(map(len, RECIPES))
    print("Recipes: python scripts/train.py RECIPE\n")
    for recipe in RECIPES.values():
        print(f"  {recipe.name:{width}}  {recipe.summary} (articles {recipe.tutorials})")
    print("\nScripts: python scripts/SCRIPT --help\n")
    for name, summary in SCRIPTS.items():
        print(f"  {name:{width}}  {summary}")


def run() -> None:
    """Is the command ``tfgan``."""
    cli.run(main)


if __name__ == "__main__":
    run()
