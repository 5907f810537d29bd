"""Patterns that keep a backtracking engine busy for years, and tags of the greatest length that do so."""

from __future__ import annotations

EVIL_PATTERNS = (
    r"(a+)+$",
    r"(a*)*$",
    r"(a|a)*$",
    r"(a|aa)+$",
    r"([a-zA-Z]+)*$",
    r"(a|a?)+$",
    r"(.*a){20}$",
    r"(.*)*x",
    r"(a?){60}a{60}",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(x+x+)+y",
    r"^(a+)+b",
    r"(\w+\s?)*$!",
    r"([0-9]+-?)+[^0-9]z",
    r"((a{1,9}){1,9}){1,9}$b",
    r"(?:(?:a*)*)*b",
    r"^(.+)+\.(.+)+\.(.+)+!$",
    r"a*a*a*a*a*a*a*a*b",
    r"(?i)(a|A|aa|AA)*[^a]$",
    r"[ab]*a[ab]{100}c",
)
EVIL_TAGS = ("a" * 128, "a" * 127 + "_", "ab" * 64, "x" * 128, "1-" * 64)
