"""`python -m generate.screenshot`, with docs/ on the path: pictures of the demo's static scorecard, by the Chromium of this machine.

The lake of the demo lies in the working directory (`lakeward demo`). Refuses to draw Chinese without a font for it.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.portal.export import build_scorecard

PICTURES = Path(__file__).parents[1] / "pictures"
FILES = {Lang.EN: "scorecard.png", Lang.ZH: "scorecard.zh.png"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1280, 900
# Down to this part the picture shows the page.
END = "#readiness"


def main() -> None:
    """Take a picture in each language."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium on this machine. Next: apt-get install chromium")
    if not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=True).stdout:  # noqa: S607
        sys.exit("No font for Chinese on this machine. Next: apt-get install fonts-noto-cjk")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = build_scorecard(Settings.load(), Path(folder))
        opened = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for lang in Lang:
            page = opened.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            other = file.with_name(f"scorecard.{lang}.html")
            page.goto((other if other.is_file() else file).as_uri())
            take(page, PICTURES / FILES[lang])
        opened.close()


def take(page: Page, file: Path) -> None:
    """Draw the page down to its second part."""
    box = page.locator(END).first.bounding_box()
    assert box, f"the page has no {END}"
    file.parent.mkdir(exist_ok=True)
    page.screenshot(path=file, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": box["y"]})


if __name__ == "__main__":
    main()
