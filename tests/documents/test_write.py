from __future__ import annotations

from ruamel.yaml import YAML

from imagebot.documents.write import Noted, Plain, write

PAGE: dict[str, Plain | Noted] = {
    "app": "shop",
    "paths": ["a/", "!b/"],
    "long": ["x" * 60, "y" * 60],
    "outer": Noted({"inner": Noted("1.10", above="one\ntwo", beside="three"), "flag": True}, beside="four"),
    "list": [Noted({"match": "^[0-9]+$"}, above="five"), {"match": "*"}],
}
WRITTEN = f"""\
# first

# second
app: shop
paths: [a/, '!b/']
long:
  - {"x" * 60}
  - {"y" * 60}
outer:  # four
  # one
  # two
  inner: '1.10'  # three
  flag: true
list:
  # five
  - match: ^[0-9]+$
  - match: '*'
"""


def test_a_page_as_a_person_would_write_it() -> None:
    assert write(PAGE, ["first", "", "second"]).decode() == WRITTEN.replace("# first\n\n", "# first\n#\n")


def test_it_says_what_it_was_given() -> None:
    read = YAML(typ="safe", pure=True).load(write(PAGE))
    assert read["outer"] == {"inner": "1.10", "flag": True}
    assert read["list"] == [{"match": "^[0-9]+$"}, {"match": "*"}]


def test_the_same_page_gives_the_same_bytes() -> None:
    assert write(PAGE) == write(PAGE)


def test_nothing_is_folded() -> None:
    text = "word " * 60
    assert write({"a": text.strip()}) == f"a: {text.strip()}\n".encode()
