"""What is known about one update: a table for the reviewer, and in full what it only hints at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from imagebot.documents.duration import format_duration
from imagebot.images.about import About
from imagebot.knownforges import ForgeKind
from imagebot.plan.change import ImageUpdate
from imagebot.review.compare import Comparison, Names, compare
from imagebot.review.escape import code, prose
from imagebot.review.image_facts import SOURCE, ImageFacts
from imagebot.review.image_source import end_of_life, revision_of
from imagebot.review.links import links
from imagebot.review.titles import versions
from imagebot.selection.reasons import short, shown
from imagebot.selection.verdict import Version
from imagebot.versions.created import FIRST_IMAGES

_FEW = 6
_MANY = 100
_LONGEST_NAME = 80
_LONGEST_REFERENCE = 600
_LONGEST_CLAIM = 160
_COMMIT = 12
_NONE = "–"
_KINDS = {
    "provenance": "provenance",
    "spdx": "SBOM (SPDX)",
    "cyclonedx": "SBOM (CycloneDX)",
    "vulnerabilities": "a scan for vulnerabilities",
}


def table(update: ImageUpdate, beside: ImageFacts, hosts: Mapping[str, ForgeKind]) -> str:
    """What was and what becomes, with a line for each thing that is known."""
    rows = [(code(update.image.familiar), "was", "becomes"), ("---", "---", "---"), *_rows(update, beside, hosts)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def in_full(update: ImageUpdate, beside: ImageFacts) -> str:
    """Whole references, to be copied, and all that is configured otherwise."""
    lines = [f"- was {_reference(update, old)}" for old in update.old[:_FEW]]
    lines.append(f"- becomes {_reference(update, update.new)}")
    if beside.old is not None and not any(old.digest for old in update.old):
        lines.append(f"- {code(versions(update.old))} stood for {code(beside.old.digest)} when this was written")
    if beside.old is not None and beside.new is not None:
        lines += _differences(compare(beside.old, beside.new))
    return "\n".join(lines)


def _rows(update: ImageUpdate, beside: ImageFacts, hosts: Mapping[str, ForgeKind]) -> Iterator[tuple[str, str, str]]:
    old, new = beside.old, beside.new
    yield "version", code(versions(update.old)), f"{code(update.new.tag)} ({update.kind})"
    digests = list(dict.fromkeys(version.digest for version in update.old if version.digest))
    if update.new.digest:
        yield "digest", ", ".join(map(_digest, digests[:_FEW])) or _NONE, _digest(update.new.digest)
    if new is not None:
        yield "built", _built(old), f"{_built(new)}, says its publisher"
    if beside.first_seen is not None:
        age = f", minimum age {format_duration(beside.minimum_age)}" if beside.minimum_age else ""
        yield "first seen", _NONE, f"{shown(beside.first_seen)}{age}"
    if beside.signature:
        yield "signature", _NONE, f"{prose(beside.signature)}{_by_tag(update)}"
    if old is not None and new is not None:
        yield from _compared(compare(old, new), new.platforms)
    elif new is not None:
        yield "platforms", _NONE, _listed(new.platforms)
        yield "size", _NONE, _megabytes(new.size)
    yield from _claims(update, beside, hosts)
    if beside.unknown:
        yield "more", "", f"not known: {prose(beside.unknown)}"


def _claims(update: ImageUpdate, beside: ImageFacts, hosts: Mapping[str, ForgeKind]) -> Iterator[tuple[str, str, str]]:
    """What its publisher and its build say."""
    if beside.new is None:
        return
    yield "source", "", _links(update, beside, hosts)
    if end := end_of_life(beside.new):
        yield "looked after", "", f"until {end:%Y-%m-%d}, says its publisher"
    if beside.attested:
        yield "attested", _NONE, f"{'; '.join(_attested(beside))}: so its build says, and nobody signed that"


def _attested(beside: ImageFacts) -> Iterator[str]:
    """Each kind once; of a provenance who built it, and from what: another commit than the label names is told."""
    for one in list(dict.fromkeys(beside.attested))[:_FEW]:
        known = _KINDS.get(one.kind)
        said = [known or f"an attestation {code(one.kind, _LONGEST_NAME)}"]
        said += [f"by {code(one.builder, _LONGEST_CLAIM)}"] if one.builder else []
        said += [f"from {code(one.source, _LONGEST_CLAIM)}"] if one.source else []
        said += [f"at {code(one.commit[:_COMMIT])}"] if one.commit else []
        label = revision_of(beside.new) if beside.new is not None else ""
        if one.commit and label and not one.commit.startswith(label) and not label.startswith(one.commit):
            said.append(f"(its label names {code(label[:_COMMIT])})")
        yield " ".join(said)


def _by_tag(update: ImageUpdate) -> str:
    """What was verified is a digest: where none is written, a tag may stand for another one when it is pulled."""
    bare = [field for field in update.fields if "@" not in field.new]
    if not bare or update.new.digest is None:
        return ""
    return (
        f"; of {_digest(update.new.digest)}, and {code(f'{bare[0].file}:{bare[0].line}')} says the tag alone, which may"
        f" stand for another image when it is pulled: {code('pin: digest')} ties them"
    )


def _compared(found: Comparison, platforms: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    changed = _told(found.platforms)
    yield "platforms", _listed(platforms) if not changed else "", changed or "the same"
    if found.size is not None:
        before, after = found.size
        where = f" on {code(found.platform)}" if found.platform is not None and len(platforms) > 1 else ""
        shared = f", {found.shared} of {found.layers} layers shared" if found.layers else ""
        yield "size", _megabytes(before), f"{_megabytes(after)} ({_more(after - before)}){where}{shared}"
    kinds = [("env", found.env), ("ports", found.ports), ("volumes", found.volumes)]
    told = [f"{name} {_told(names)}" for name, names in kinds if names]
    told += [f"another {setting.name}" for setting in found.settings]
    yield "configuration", "", "; ".join(told) if told else "the same"


def _links(update: ImageUpdate, beside: ImageFacts, hosts: Mapping[str, ForgeKind]) -> str:
    found = links(beside.old, beside.new, update, hosts)
    shown_links = [("compare", found.compare), ("release notes", found.notes)]
    told = [f"[{words}]({url})" for words, url in shown_links if url is not None]
    if found.compare is None and found.because:
        told.append(f"no comparison: {found.because}")
    if beside.changes is not None and beside.changes.because:
        told.append(prose(beside.changes.because))
    if beside.changes is None and SOURCE in beside.unasked:
        told.append("what changed is not known yet")
    return " · ".join(told) or _NONE


def _differences(found: Comparison) -> Iterator[str]:
    for kind, names in (("environment", found.env), ("ports", found.ports), ("volumes", found.volumes)):
        for how, each in (("new", names.added), ("gone", names.removed), ("changed", names.changed)):
            if each:
                yield f"- {kind}, {how}: {_listed(each, _MANY)}"
    for setting in found.settings:
        was, now = (code(text) if text else "not set" for text in (setting.was, setting.now))
        yield f"- {setting.name}: {was} → {now}"


def _told(names: Names) -> str:
    kinds = [("adds", names.added), ("drops", names.removed), ("changes", names.changed)]
    return ", ".join(f"{how} {_listed(each)}" for how, each in kinds if each)


def _listed(names: Sequence[str], most: int = _FEW) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(code(name, _LONGEST_NAME) for name in names[:most]) + more if names else _NONE


def _built(about: About | None) -> str:
    """A time before the first images stands for none: the same source gives the same bytes on any day."""
    if about is None:
        return _NONE
    return shown(about.created) if about.created is not None and about.created >= FIRST_IMAGES else "on no date"


def _reference(update: ImageUpdate, version: Version) -> str:
    tag, digest = (f"{mark}{part}" if part else "" for mark, part in ((":", version.tag), ("@", version.digest)))
    return code(f"{update.image.familiar}{tag}{digest}", _LONGEST_REFERENCE)


def _digest(digest: str) -> str:
    return code(f"{short(digest)}…")


def _more(size: int) -> str:
    return f"{size / 1_000_000:+.1f}" if size else "the same"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
