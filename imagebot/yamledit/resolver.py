"""Which plain scalars are more than text to some loader.

The union of YAML 1.1's types (https://yaml.org/type/), of the 1.2 core schema, and of what Go's loaders make of
numbers: a value outside this table is the same string to all of them. Tests hold it against PyYAML's and
ruamel.yaml's resolvers.
"""

from __future__ import annotations

import re

_INT = r"[-+]?(?:0b[01_]+|0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*)"
_FLOAT = (
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DATE = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?"
_WORD = (
    r"|~|null|Null|NULL|y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"
    r"|<<|=|\.|\.[0-9_]+"
)
_TYPES = {"word": re.compile(_WORD, re.ASCII), "int": re.compile(_INT, re.ASCII), "float": re.compile(_FLOAT, re.ASCII)}
_DATES = re.compile(_DATE, re.ASCII | re.DOTALL)
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_FRACTION = re.compile(r"(?:0|[1-9][0-9]{0,5})\.[0-9]{0,5}[1-9]", re.ASCII)


def is_text(plain: str) -> bool:
    """Whether a plain scalar is a string to every loader, under YAML 1.1 and under 1.2."""
    return not (_DATES.fullmatch(plain) or any(pattern.fullmatch(plain) for pattern in _TYPES.values()))


def same_number(old: str, new: str) -> bool:
    """Whether two plain scalars are numbers of one type, and `new` is one that prints as it is written.

    `40` may become `41`, and `1.25` become `1.26`; but `1.30` would be read as 1.3, and Go prints a million as 1e+06.
    """
    if _DECIMAL.fullmatch(new):
        return _TYPES["int"].fullmatch(old) is not None
    return _FRACTION.fullmatch(new) is not None and "." in old and _TYPES["float"].fullmatch(old) is not None
