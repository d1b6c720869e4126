"""A careful person's phone: a browser at a phone's width, steered by keyboard, and what every
public page must hold on it: it fits, it can be pressed, it can be read."""

import re

from browser import TAB, Browser

WIDTH, HEIGHT = 360, 640
CONTRAST = 7.0  # WCAG 2.2, 1.4.6


class Phone(Browser):
    def __init__(self, town, **options):
        super().__init__(town.folder, WIDTH, HEIGHT, **options)
        self.base = f"http://127.0.0.1:{town.port}"

    def go(self, path):
        self.open(self.base + path)

    def tab_to(self, tag, text="", limit=20):
        """Tabs on until an element of that kind and name has the focus."""
        for _ in range(limit):
            self.key(TAB)
            at = self.active()
            if at.tag == tag and text in (at.text or at.label):
                return at
        raise AssertionError(f"no <{tag}> \"{text}\" within {limit} tabs")


def luminance(color):
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def fits(phone):
    """Nothing is wider than the phone, so nothing scrolls sideways; what is pressed is large."""
    for element in phone.find("body *"):
        rect = element.rect
        assert rect["x"] >= 0 and rect["x"] + rect["width"] <= WIDTH, (element.tag, rect)
    for element in phone.find("button, label"):
        assert element.rect["height"] >= 44, (element.text, element.rect)
