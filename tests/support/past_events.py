"""What happens in a repository's life, one event after the other, drawn by a seeded die."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random

from tests.support.past import APP_OF_BOT, BOT, GITHUB, HOUR, IMAGE, PEOPLE, App, Past, Pushed, Value, Who

Moved = Sequence[tuple[App | None, App]]
DIGESTS = tuple(f"sha256:{digit * 64}" for digit in "0123456789abcdef")
NOISE = 300
"""YAML files that hold other people's images."""


def a_past(seed: int, commits: int, *, with_bot: bool = True) -> Past:
    """So many events on the base branch, the first of which brings everything."""
    past = Past(Random(seed), with_bot)
    _begin(past)
    events = [event for event in EVENTS if with_bot or not event.__name__.startswith("bot_")]
    while len(past.line) < commits:
        past.now += past.random.randint(1, 12 * HOUR)
        event = past.random.choice(events)
        event(past)
        past.events[event.__name__] = past.events.get(event.__name__, 0) + 1
    return past


def _begin(past: Past) -> None:
    apps = [
        App(name, environment, Value("1.0.0"), second=Value("1.0.0") if name == "web" else None)
        for name in ("api", "web", "till")
        for environment in ("staging", "production")
    ]
    files = {path: text for app in apps for path, text in app.files.items()}
    files |= {f"others/{n}.yaml": f"image: {IMAGE}/other-{n}:1.0.0\n" for n in range(NOISE)}
    mark = past.commit(files, (PEOPLE[0], PEOPLE[0]), (past.now, past.now), "first\nof two lines\n\nbody\n", ())
    past.land(mark, past.now, [(None, app) for app in apps], Pushed(authors=(PEOPLE[0][0],)))


def _pick(past: Past) -> App:
    return past.random.choice(list(past.apps.values()))


def _up(past: Past, value: Value) -> Value:
    parts = [int(part) for part in value.tag.split(".")]
    at = past.random.choice([0, 1, 1, 2, 2, 2])
    tag = ".".join(map(str, [*parts[:at], parts[at] + 1, *([0] * (2 - at))]))
    return Value(tag, past.random.choice(DIGESTS) if value.digest else None)


def _newer(past: Past, app: App) -> App:
    return replace(app, value=_up(past, app.value), second=None if app.second is None else _up(past, app.value))


def _trailers(old: App, new: App) -> str:
    fields = [(was, written) for was, written in zip(old.fields, new.fields, strict=True)]
    changed = [written for was, written in fields if was.value != written.value]
    lines = []
    for written in changed:
        lines.append(f"Image-Update: {IMAGE}/{new.name} {old.value.tag} -> {written.value}")
        lines.append(f"Image-Field: {written.file}#{written.path}")
    return f"deps: {new.name}\n\nbecause\n\n" + "\n".join(lines) + "\n"


def _changed(moved: Moved) -> dict[str, str | None]:
    files: dict[str, str | None] = {}
    for old, new in moved:
        files |= dict.fromkeys(old.files if old else ())
        files |= new.files
    return files


def _person(past: Past) -> Who:
    return past.random.choice(PEOPLE)


def _direct(past: Past, moved: Moved, message: str = "by hand\nand why") -> None:
    """A person pushes to the base branch."""
    who = _person(past)
    dates = (past.now, past.now)
    mark = past.commit(_changed(moved), (who, who), dates, message, past.line[-1:])
    past.land(mark, past.now, moved, Pushed(authors=(who[0],)))


def _merged(past: Past, moved: Moved, message: str = "by hand") -> None:
    """A person's branch of some commits, one of which merges the base branch, is merged by another person."""
    author, merger = _person(past), _person(past)
    opened = past.now
    tip = past.line[-1]
    side = past.commit({"README.md": f"{opened}\n"}, (_person(past), author), (opened, opened), "notes", [tip])
    past.now += past.random.randint(1, 50) * HOUR
    authored = past.now
    side = past.commit(_changed(moved), (author, author), (authored, authored), message, [side])
    bot_unrelated = past.commit({"CHANGES": f"{authored}\n"}, (merger, merger), (past.now, past.now), "news", [tip])
    past.land(bot_unrelated, past.now, (), Pushed())
    past.now += past.random.randint(1, 50) * HOUR
    text = {"CHANGES": f"{authored}\n"}
    side = past.commit(text, (author, author), (past.now, past.now), "Merge main", [side, past.line[-1]])
    number = past.random.randint(1, 999)
    subject = f"Merge pull request #{number} from acme/some\n\nsomething"
    files = {**_changed(moved), "README.md": f"{opened}\n"}
    mark = past.commit(files, (merger, GITHUB), (past.now, past.now), subject, [past.line[-1], side])
    took = past.now - authored
    past.land(mark, past.now, moved, Pushed("by hand", (author[0],), merger[0], took, number))


def _squashed(past: Past, moved: Moved) -> None:
    """A forge makes one commit of a person's pull request."""
    who = _person(past)
    number = past.random.randint(1, 999)
    mark = past.commit(
        _changed(moved), (who, GITHUB), (past.now, past.now), f"Fix (#3) of it (#{number})", past.line[-1:]
    )
    past.land(mark, past.now, moved, Pushed(authors=(who[0],), number=number))


def _rebased(past: Past, moved: Moved) -> None:
    """A person puts another person's commit on the base branch."""
    author, committer = past.random.sample(PEOPLE, 2)
    authored = past.now - past.random.randint(1, 90) * HOUR
    mark = past.commit(_changed(moved), (author, committer), (authored, past.now), "by hand", past.line[-1:])
    past.land(mark, past.now, moved, Pushed("by hand", (author[0],), committer[0], past.now - authored))


WAYS: tuple[Callable[[Past, Moved], None], ...] = (_direct, _merged, _squashed, _rebased)


def hand_update(past: Past) -> None:
    app = _pick(past)
    past.random.choice(WAYS)(past, [(app, _newer(past, app))])


def hand_update_of_two(past: Past) -> None:
    two = past.random.sample(list(past.apps.values()), 2)
    past.random.choice(WAYS)(past, [(app, _newer(past, app)) for app in two])


def hand_downgrade(past: Past) -> None:
    app = _pick(past)
    lower = Value(f"0.{past.random.randint(0, 9)}.{past.random.randint(0, 9)}", app.value.digest)
    past.random.choice(WAYS)(past, [(app, replace(app, value=lower, second=app.second and lower))])


def hand_revert(past: Past) -> None:
    app = _pick(past)
    newer = _newer(past, app)
    _direct(past, [(app, newer)])
    past.now += past.random.randint(1, 60) * HOUR
    back = replace(newer, value=app.value, second=app.second)
    past.random.choice(WAYS)(past, [(newer, back)])


def hand_pin(past: Past) -> None:
    """Another digest of the same tag; some of these come back."""
    app = _pick(past)
    value = Value(app.value.tag, past.random.choice([each for each in DIGESTS if each != app.value.digest]))
    past.random.choice(WAYS)(past, [(app, replace(app, value=value))])


def hand_second_field(past: Past) -> None:
    """A kustomization comes or goes."""
    app = _pick(past)
    second = Value(app.value.tag, app.value.digest) if app.second is None else None
    past.random.choice(WAYS)(past, [(app, replace(app, second=second))])


def rename(past: Past) -> None:
    app = _pick(past)
    folder = past.random.choice([f"{app.name}-{n}" for n in range(4) if f"{app.name}-{n}" != app.folder])
    past.random.choice(WAYS)(past, [(app, replace(app, folder=folder))])


def rename_and_update(past: Past) -> None:
    app = _newer(past, before := _pick(past))
    folder = past.random.choice([f"{app.name}-{n}" for n in range(4) if f"{app.name}-{n}" != app.folder])
    past.random.choice(WAYS)(past, [(before, replace(app, folder=folder))])


def move_within_file(past: Past) -> None:
    app = _pick(past)
    moved = replace(app, sidecars=(app.sidecars + 1) % 3, comments=past.random.randint(0, 4))
    past.random.choice(WAYS)(past, [(app, moved)])


def break_and_mend(past: Past) -> None:
    """Nobody can read the file for a while, in which it changes; a third commit mends it."""
    app = past.random.choice([app for app in past.apps.values() if app.second is None] or [_pick(past)])
    past.unread += 1
    broken = replace(app, broken=True)
    files: Mapping[str, str | None] = broken.files
    who = _person(past)
    past.land(past.commit(files, (who, who), (past.now, past.now), "oops", past.line[-1:]), past.now, (), Pushed())
    past.now += HOUR
    _direct(past, [(app, _newer(past, app))])


def unrelated(past: Past) -> None:
    who = _person(past)
    files = {f"others/{past.random.randrange(NOISE)}.yaml": f"image: {IMAGE}/other:1.{past.now}.0\n"}
    mark = past.commit(files, (who, who), (past.now, past.now), "others", past.line[-1:])
    past.land(mark, past.now, (), Pushed())


def wrong_clock(past: Past) -> None:
    app = _pick(past)
    moved = [(app, _newer(past, app))]
    who = _person(past)
    date = past.random.choice([past.now - 100 * 24 * HOUR, 4_000_000_000, 900_000_000_000])
    mark = past.commit(_changed(moved), (who, who), (date, date), "my clock", past.line[-1:])
    past.land(mark, date, moved, Pushed(authors=(who[0],)))


def bot_merged(past: Past) -> None:
    app = _pick(past)
    new, merger = _newer(past, app), _person(past)
    side = past.commit(_changed([(app, new)]), (BOT, BOT), (past.now, past.now), _trailers(app, new), past.line[-1:])
    past.now += past.random.randint(1, 40) * HOUR
    number = past.random.randint(1, 999)
    subject = f"Merge pull request '{app.name}' (#{number}) from imagebot/x into main"
    files = _changed([(app, new)])
    mark = past.commit(files, (merger, merger), (past.now, past.now), subject, [past.line[-1], side])
    past.land(mark, past.now, [(app, new)], Pushed("imagebot", (BOT[0],), merger[0], None, number))


def bot_squashed(past: Past) -> None:
    app = _pick(past)
    new = _newer(past, app)
    number = past.random.randint(1, 999)
    text = _trailers(app, new).replace(f"deps: {app.name}", f"deps: {app.name} (#{number})")
    mark = past.commit(_changed([(app, new)]), (APP_OF_BOT, GITHUB), (past.now, past.now), text, past.line[-1:])
    past.land(mark, past.now, [(app, new)], Pushed("imagebot", (APP_OF_BOT[0],), "", None, number))


def bot_rebased(past: Past) -> None:
    app, merger = _pick(past), _person(past)
    new = _newer(past, app)
    dates = (past.now - 30 * HOUR, past.now)
    mark = past.commit(_changed([(app, new)]), (BOT, merger), dates, _trailers(app, new), past.line[-1:])
    past.land(mark, past.now, [(app, new)], Pushed("imagebot", (BOT[0],), merger[0]))


def bot_fast_forward(past: Past) -> None:
    """The bot's commit itself, with the date of what it is based on."""
    app = _pick(past)
    new = _newer(past, app)
    date = past.at
    mark = past.commit(_changed([(app, new)]), (BOT, BOT), (date, date), _trailers(app, new), past.line[-1:])
    past.land(mark, date, [(app, new)], Pushed("imagebot", (BOT[0],), dated=False))


def bot_edited(past: Past) -> None:
    """A person commits another version on the bot's branch, and merges."""
    app, who = _pick(past), _person(past)
    new = _newer(past, app)
    other = _newer(past, new)
    files = _changed([(app, new)])
    side = past.commit(files, (BOT, BOT), (past.now, past.now), _trailers(app, new), past.line[-1:])
    past.now += HOUR
    side = past.commit(_changed([(new, other)]), (who, who), (past.now, past.now), "rather this", [side])
    past.now += HOUR
    files = _changed([(app, other)])
    mark = past.commit(files, (who, who), (past.now, past.now), "Merge it", [past.line[-1], side])
    authors = tuple(dict.fromkeys((BOT[0], who[0])))
    past.land(mark, past.now, [(app, other)], Pushed("imagebot, edited by hand", authors, who[0]))


EVENTS: tuple[Callable[[Past], None], ...] = (
    hand_update,
    hand_update_of_two,
    hand_downgrade,
    hand_revert,
    hand_pin,
    hand_second_field,
    rename,
    rename_and_update,
    move_within_file,
    break_and_mend,
    unrelated,
    wrong_clock,
    bot_merged,
    bot_squashed,
    bot_rebased,
    bot_fast_forward,
    bot_edited,
)
