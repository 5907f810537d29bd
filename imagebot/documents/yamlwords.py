"""What YAML's grammar complains about, in words for people who do not know that grammar."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError

_AT_THE_END = {
    "mapping values are not allowed here": "no ': ' can stand here; put the text in quotes, or check the indentation",
    "found character '\\t'": "a tab; YAML wants spaces",
    "expected <block end>": "this does not line up with the lines above",
    "expected the node content": "a value is missing here",
    "could not find expected ':'": "a key without ':'",
    "expected alphabetic or numeric character": "put a value that begins with '*' or '&' in quotes",
    "expected chomping or indentation": "put a value that begins with '>' or '|' in quotes",
    "found undefined tag handle": "put a value that begins with '!' in quotes",
    "while scanning a tag": "put a value that begins with '!' in quotes",
}
_AT_THE_BEGINNING = {
    "found unexpected end of stream": "this quote is never closed",
    "expected ',' or ']'": "this '[' is never closed",
    "expected ',' or '}'": "this '{' is never closed",
}


def explain(error: MarkedYAMLError) -> tuple[str, int, int]:
    """The words, and the first and the last character that they are about."""
    said = f"{error.problem} {error.context}"
    if error.context_mark is not None:
        start = error.context_mark.index
        for sign, words in _AT_THE_BEGINNING.items():
            if sign in said:
                return words, start, start + 1
    start = error.problem_mark.index if error.problem_mark is not None else 0
    for sign, words in _AT_THE_END.items():
        if sign in said:
            return words, start, start + 1
    if "cannot start any token" in said:
        return f"a value cannot begin with {said.split()[2]}; put it in quotes", start, start + 1
    return f"this is not YAML: {error.problem}", start, start + 1
