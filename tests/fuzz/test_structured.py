"""Files that are known through and through become just what they should be, byte for byte."""

from __future__ import annotations

from hypothesis import settings

from tests.fuzz.structured import ANY, KNOWN

test_a_known_file_becomes_the_one_it_should_be = settings(max_examples=200)(KNOWN)
test_any_value_of_a_known_file_is_edited_alone = settings(max_examples=200)(ANY)
