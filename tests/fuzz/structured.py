"""Files that are known through and through: what each field says, and how the file looks with another version in it."""

from __future__ import annotations

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from imagebot.fields.assign import assign
from imagebot.fields.field import Value
from imagebot.fields.find import find
from imagebot.images.reference import ImageName
from imagebot.yamledit.resolver import is_text, same_number
from tests.fuzz.oracle import Case, check

NAME = "ghcr.io/acme/api"
STRING = "tag:yaml.org,2002:str"
ONE_ONE = yaml.resolver.Resolver()
ONE_TWO = VersionedResolver(version=(1, 2), loader=YAML())

# `@` becomes what stands around the version: a quote, an anchor, blanks; `%` the version itself.
BLOCKS = (
    "image: @ghcr.io/acme/api:%@",
    "image:\n  repository: ghcr.io/acme/api\n  tag: @%@",
    "image:\n  tag: @%@\n  registry: ghcr.io\n  repository: 'acme/api'",
    "image: {repository: ghcr.io/acme/api, tag: @%@, pullPolicy: Always}",
    'image: {"repository":"ghcr.io/acme/api","tag":@%@}',
    "containers:\n- name: app\n  image: @ghcr.io/acme/api:%@\n- image: nginx:1.25",
    "containers:\n    -   image:   @ghcr.io/acme/api:%@\n        name: app",
    "images:\n- name: x\n  newName: ghcr.io/acme/api\n  newTag: @%@",
    "images: [nginx:1, @ghcr.io/acme/api:%@]",
    "spec:\n  url: oci://ghcr.io/acme/api\n  ref:\n    tag: @%@",
    "steps:\n- - uses: @docker://ghcr.io/acme/api:%@",
    "releases: [{chart: 'oci://ghcr.io/acme/api', version: @%@}]",
    "parameters:\n- {name: image.repository, value: ghcr.io/acme/api}\n- {name: image.tag, value: @%@}",
    "? image\n: @ghcr.io/acme/api:%@",
    "image: @${IMAGE:-ghcr.io/acme/api:%}@",
)
# None of these holds the image.
AROUND = (
    "# comment # with: colons, é 日本 🚀 \u2028 and [brackets",
    "",
    "   ",
    "other: {image: 'nginx:1.25'} # c",
    "é日: 🚀",
    "text: |\n  image: ghcr.io/acme/web:v1\n    deeper: {\n\n",
    "text: >-\n  folded\n  text",
    'multi: "over\n  two lines \\u00e9"',
    "a: &a [1, 'it''s', \"q\"]",
    "b: [*a, {c: *a}]".replace("*a", "~"),
    "n: 1.10",
    "? {complex: key}\n: - v",
    "empty:",
    "'quoted key': !custom {t: v}",
)
ENDS = st.sampled_from(["\n", "\n", "\r\n"])
TAGS = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}", fullmatch=True) | st.sampled_from(
    ["1.30", "20260101", "no", "1e5", "0x1F", "v1", "latest", "1_000", "017", "1.2.3-rc.1", "12e03"]
)
BEFORE = st.sampled_from(["", "", "", "&t ", "!!str ", "&t !!str ", "  "])
AFTER = st.sampled_from(["", "", " ", "  # c", "\t# é"])
QUOTES = st.sampled_from(["", "'", '"'])


class Known:
    """A file with one image in it once or more, as a function of the version."""

    def __init__(self, parts: list[tuple[str, str, str, str]], end: str, mark: str) -> None:
        self.parts, self.end, self.mark = parts, end, mark

    def __repr__(self) -> str:
        return f"Known({self.parts!r}, {self.end!r}, {self.mark!r})"

    @property
    def fields(self) -> int:
        return sum("%" in text for text, *_ in self.parts)

    def bytes(self, tag: str, old: str) -> bytes:
        """The file with this version. A plain value takes on quotes where some loader would read more than text."""
        written = []
        for number, (text, before, quote, after) in enumerate(self.parts):
            values = [value for value in text.split("@") if "%" in value]
            # A chart's version has a `+` where its tag has a `_`, unless the file has a `_` there, too.
            says = tag.replace("_", "+", 1) if "chart:" in text and "_" not in old else tag
            whole = values[0].replace("%", says) if values else ""
            around = quote or ('"' if tag != old and is_more_than_text(whole) else "")
            part = text.replace("@", before.replace("&t", f"&t{number}") + around, 1).replace("@", around, 1)
            lines = part.replace("%", says).split("\n")
            # What ends in a flow collection or goes on below takes no comment on its line.
            ends_here = text.endswith("@") and "\n" not in after
            written.append("\n".join(lines) + (after if ends_here else ""))
        return (self.mark + "\n---\n".join(written) + "\n").replace("\n", self.end).encode()


def is_more_than_text(plain: str) -> bool:
    """What a YAML 1.1 loader or a YAML 1.2 loader takes for a number, a word or a date."""
    one_one = ONE_ONE.resolve(yaml.ScalarNode, plain, (True, False))  # type: ignore[no-untyped-call]
    return {str(one_one), str(ONE_TWO.resolve(ScalarNode, plain, (True, False)))} != {STRING}


PARTS = st.tuples(st.sampled_from(BLOCKS) | st.sampled_from(AROUND), BEFORE, QUOTES, AFTER)
FILES = st.builds(
    Known, st.lists(PARTS, min_size=1, max_size=8), ENDS, st.sampled_from(["", "", "\N{ZERO WIDTH NO-BREAK SPACE}"])
)


def becomes_what_it_should(file: Known, old: str, new: str) -> None:
    """Find each field of the image, set all of them, and compare the whole file."""
    # Where the two resolvers see a string and ours is more careful, or a number stays one, another test knows better.
    assume(is_text(new) or is_more_than_text(new))
    assume(not same_number(old, new))
    before = file.bytes(old, old)
    found = find("f.yaml", before)
    assert found.unreadable is None
    fields = [field for field in found.fields if field.name == ImageName.parse(NAME)]
    assert [field.value for field in fields] == [Value(old)] * file.fields
    assert assign("f.yaml", before, ImageName.parse(NAME), Value(new)).data == file.bytes(new, old)


def is_edited_alone(file: Known, tag: str, pick: int, text: int) -> None:
    """Write anything over any value."""
    check(Case(file.bytes(tag, tag), pick, text), second_opinion=True)


NUMBERS = st.integers(0, 65535)
KNOWN = given(FILES, TAGS, TAGS)(becomes_what_it_should)
ANY = given(FILES, TAGS, NUMBERS, NUMBERS)(is_edited_alone)
