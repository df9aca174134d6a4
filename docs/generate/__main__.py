"""`python -m generate`, with docs/ on the path: writes every generated page."""

from pathlib import Path

from generate.pages import PAGES

DOCS = Path(__file__).parents[1]


def main() -> None:
    """Write all pages."""
    for path, page in PAGES.items():
        file = DOCS / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
