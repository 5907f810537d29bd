"""Signed commits, made with real keys and held against git's own verification."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.errors import BadInput, BadResponse, CannotEdit
from imagebot.gitrepo.commits import Draft, ForgeSignature, commits
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.process import Git
from imagebot.gitrepo.push import Pushed, PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.gitrepo.sign import with_signature
from imagebot.gitrepo.state_branch import Leaf
from imagebot.settings.resolve import Author, GpgKey, SshSigningKey
from tests.support.git_keys import GPG, Keyring, good_ssh, keyring
from tests.support.git_repos import BareRepository, run_git
from tests.support.git_ssh import make_key
from tests.support.sound import proved

BOT = Author(name="imagebot", email="bot@example.com")
API = "clusters/staging/api/deployment.yaml"
DRAFTS = [
    Draft({API: proved(b"image: acme/api:%d\n" % number)}, f"api {number}\n\nwith ünïcode\n") for number in range(3)
]
SIGNATURE = re.compile(rb"\n(?:gpgsig|gpgsig-sha256) [^\n]*(?:\n [^\n]*)*", re.ASCII)

needs_gpg = pytest.mark.skipif(not GPG.exists(), reason="needs gpg (apt install gnupg)")


@pytest.fixture
def ring() -> Iterator[Keyring]:
    with keyring() as ring:
        yield ring


def pushed(mirror: Mirror, heads: Heads, author: Author) -> list[str]:
    """The commits of all drafts, each on its branch."""
    made = [commit for commit in mirror.commits(heads.base, DRAFTS, author) if isinstance(commit, str)]
    results = mirror.push([PushUpdate(f"imagebot/{number}", commit, None) for number, commit in enumerate(made)])
    assert set(results.values()) == {Pushed()}
    return made


def taken_apart(environments: BareRepository, commit: str) -> tuple[bytes, bytes]:
    """What was signed, and the signature."""
    whole = environments.raw("commit", commit)
    found = SIGNATURE.search(whole)
    assert found is not None
    signature = found[0].partition(b" ")[2].replace(b"\n ", b"\n")
    return whole.replace(found[0], b"", 1), signature


def test_git_accepts_what_an_ssh_key_signed(
    tmp_path: Path, environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    key = make_key(tmp_path / "a key")
    made = pushed(mirror, heads, BOT.model_copy(update={"signing": SshSigningKey(key)}))

    assert [good_ssh(environments.folder, commit, key) for commit in made] == [True] * 3
    assert not good_ssh(environments.folder, made[0], make_key(tmp_path / "another"))
    environments.git("fsck", "--strict", "--no-dangling")


def test_git_accepts_it_where_ids_are_sha256(tmp_path: Path) -> None:
    folder = tmp_path / "long.git"
    run_git(["init", "--bare", "--quiet", "--object-format=sha256", "--initial-branch=main", str(folder)])
    base = BareRepository(folder).commit("main", {API: "image: acme/api\n"})
    key = make_key(tmp_path / "key")
    (made,) = commits(Git(folder), base, DRAFTS[:1], BOT.model_copy(update={"signing": SshSigningKey(key)}))

    assert good_ssh(folder, str(made), key)


def test_the_state_on_a_branch_is_signed_too(tmp_path: Path, environments: BareRepository) -> None:
    """A rule that every branch takes signed commits alone would else keep the bot from remembering."""
    key = make_key(tmp_path / "key")
    author = BOT.model_copy(update={"signing": SshSigningKey(key)})
    leaf = Leaf(Remote(str(environments.folder), "imagebot/+state"), "state.json", author, tmp_path / "work")
    first = leaf.write(b"{}\n", None, "remember")
    second = leaf.write(b"{1}\n", first, "remember more")

    assert [good_ssh(environments.folder, str(commit), key) for commit in (first, second)] == [True, True]


def test_ssh_signing_gives_the_same_id_each_time(tmp_path: Path, mirror: Mirror, heads: Heads) -> None:
    author = BOT.model_copy(update={"signing": SshSigningKey(make_key(tmp_path / "key"))})
    once, again = (mirror.commits(heads.base, DRAFTS, author) for _ in range(2))

    assert once == again
    assert once != mirror.commits(heads.base, DRAFTS, BOT)


def test_a_key_is_not_asked_for_without_a_commit(tmp_path: Path, mirror: Mirror, heads: Heads) -> None:
    author = BOT.model_copy(update={"signing": SshSigningKey(tmp_path / "no such key")})
    (made,) = mirror.commits(heads.base, [Draft({"no such file": proved(b"")}, "m")], author)

    assert isinstance(made, CannotEdit)


def test_a_signed_commit_is_the_unsigned_one_but_for_its_signature(
    tmp_path: Path, environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    (signed, *_) = pushed(mirror, heads, BOT.model_copy(update={"signing": SshSigningKey(make_key(tmp_path / "key"))}))
    plain = mirror.commit(heads.base, DRAFTS[0].files, DRAFTS[0].message, BOT)
    mirror.push([PushUpdate("imagebot/plain", plain, None)])

    payload, signature = taken_apart(environments, signed)
    assert payload == environments.raw("commit", plain)
    assert with_signature(payload, signature) == environments.raw("commit", signed)


@needs_gpg
@pytest.mark.parametrize("kind", ["ed25519", "rsa2048"])
def test_git_accepts_what_an_openpgp_key_signed(
    tmp_path: Path, environments: BareRepository, mirror: Mirror, heads: Heads, ring: Keyring, kind: str
) -> None:
    key = ring.make(kind=kind)
    made = pushed(mirror, heads, BOT.model_copy(update={"signing": GpgKey(ring.exported(tmp_path / "bot.asc", key))}))

    assert [ring.good(environments.folder, commit) for commit in made] == [True] * 3
    with keyring() as stranger:
        assert not stranger.good(environments.folder, made[0])
    environments.git("fsck", "--strict", "--no-dangling")


@needs_gpg
def test_a_new_openpgp_signature_is_no_reason_to_push(
    tmp_path: Path, mirror: Mirror, heads: Heads, ring: Keyring
) -> None:
    """It has the time in it, so the id is another each second; what the branch brings is what counts."""
    author = BOT.model_copy(update={"signing": GpgKey(ring.exported(tmp_path / "bot.asc", ring.make()))})
    made = pushed(mirror, heads, author)
    later = mirror.fetch("imagebot/")

    assert later.branches["imagebot/0"] == made[0]
    assert mirror.brings(later.base, made[0], DRAFTS[0].files)


def test_no_place_for_temporary_files_is_one_line(tmp_path: Path) -> None:
    """A container without a writable /tmp would else end in a stack trace."""
    script = (
        "import sys, pathlib, tempfile; from imagebot.gitrepo.sign import signed;"
        "from imagebot.settings.resolve import SshSigningKey; tempfile.tempdir = '/nowhere';"
        "signed([b'one'], SshSigningKey(pathlib.Path(sys.argv[1])))"
    )
    key = make_key(tmp_path / "key")
    done = subprocess.run([sys.executable, "-c", script, str(key)], capture_output=True, text=True, check=False)

    says = (
        "no room for temporary files, which signing needs: No such file or directory; make room in /tmp, or set TMPDIR"
    )
    assert done.stderr.splitlines()[-1] == f"imagebot.errors.Unavailable: {says}"


@needs_gpg
def test_signing_leaves_no_key_and_no_agent_behind(tmp_path: Path, ring: Keyring) -> None:
    key = ring.exported(tmp_path / "bot.asc", ring.make())
    script = (
        "import sys, pathlib; from imagebot.gitrepo.sign import signed; from imagebot.settings.resolve import GpgKey;"
        "signed([b'one', b'two'], GpgKey(pathlib.Path(sys.argv[1])))"
    )
    with tempfile.TemporaryDirectory(prefix="s-") as room:
        subprocess.run([sys.executable, "-c", script, str(key)], env={"TMPDIR": room}, check=True)
        assert list(Path(room).iterdir()) == []
        assert [agent for agent in agents(room) if not ends(agent)] == []


@needs_gpg
@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("passphrase", "it has a passphrase, and nobody is there to type it: give a key without one"),
        ("expired", "it has expired, or is not for signing: give another"),
        ("public", "it holds no OpenPGP secret key; write one with `gpg --armor --export-secret-keys FINGERPRINT`"),
        ("two", "it holds 2 OpenPGP secret keys; write one with"),
        ("words", "it holds no OpenPGP secret key"),
        ("missing", "No such file or directory; see `author` in imagebot.yaml"),
    ],
)
def test_openpgp_keys_that_cannot_sign(
    tmp_path: Path, mirror: Mirror, heads: Heads, ring: Keyring, how: str, says: str
) -> None:
    file = tmp_path / "bot.asc"
    match how:
        case "passphrase":
            ring.exported(file, ring.make(passphrase="canary"), passphrase="canary")
        case "expired":
            ring.exported(file, ring.make("--faked-system-time", "20200101T000000", lasting="1d"))
        case "public":
            file.write_bytes(ring.gpg("--armor", "--export", ring.make()))
        case "two":
            ring.exported(file, ring.make(), ring.make())
        case "words":
            file.write_text("canary\n")
    with pytest.raises(BadInput, match=re.escape(says)) as caught:
        mirror.commits(heads.base, DRAFTS, BOT.model_copy(update={"signing": GpgKey(file)}))

    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("passphrase", "it has a passphrase, and nobody is there to type it: give a key without one"),
        ("open", "others may read it: `chmod 600` it, or mount the secret with `defaultMode: 0400`"),
        ("words", "it holds no ssh private key; see `author` in imagebot.yaml"),
        ("missing", "No such file or directory; see `author` in imagebot.yaml"),
        ("folder", "Is a directory; see `author` in imagebot.yaml"),
    ],
)
def test_ssh_keys_that_cannot_sign(tmp_path: Path, mirror: Mirror, heads: Heads, how: str, says: str) -> None:
    key = tmp_path / "key"
    match how:
        case "passphrase":
            make_key(key, passphrase="canary")
            key.with_suffix(".pub").unlink()
        case "open":
            make_key(key).chmod(0o644)
        case "words":
            key.write_text("canary\n")
            key.chmod(0o600)
        case "folder":
            key.mkdir()
    with pytest.raises(BadInput, match=re.escape(says)) as caught:
        mirror.commits(heads.base, DRAFTS, BOT.model_copy(update={"signing": SshSigningKey(key)}))

    assert str(key) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


@needs_gpg
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        pytest.param(b"", "", id="as git ends the header"),
        pytest.param(b"", "\n", id="shown with a line end"),
        pytest.param(b"\n", "", id="as GitHub ends the header"),
        pytest.param(b"\n", "\n", id="as GitHub ends and shows it"),
    ],
)
def test_a_commit_that_a_forge_made_is_here_byte_for_byte(
    environments: BareRepository, mirror: Mirror, heads: Heads, ring: Keyring, sent: bytes, shown: str
) -> None:
    tree = mirror.tree(heads.base, DRAFTS[0].files)
    forged, whole = by_the_forge(environments, ring, f"tree {tree}\nparent {heads.base}\n", sent, shown)

    assert mirror.adopt(heads.base, tree, forged) == forged.id
    assert mirror.push([PushUpdate("imagebot/a", forged.id, None)]) == {"imagebot/a": Pushed()}
    assert environments.raw("commit", "imagebot/a") == whole
    assert environments.file("imagebot/a", API) == DRAFTS[0].files[API]
    assert ring.good(environments.folder, forged.id)


@needs_gpg
def test_a_commit_that_a_forge_made_otherwise_is_refused(
    environments: BareRepository, mirror: Mirror, heads: Heads, ring: Keyring
) -> None:
    tree, other = (mirror.tree(heads.base, draft.files) for draft in DRAFTS[:2])
    forged, _ = by_the_forge(environments, ring, f"tree {tree}\nparent {heads.base}\n", b"", "")
    orphan, _ = by_the_forge(environments, ring, f"tree {tree}\n", b"", "")
    merged, _ = by_the_forge(environments, ring, f"tree {tree}\nparent {heads.base}\nparent {'1' * 40}\n", b"", "")

    with pytest.raises(BadResponse, match="has other files or another parent than it was told"):
        mirror.adopt(heads.base, other, forged)
    for commit in (orphan, merged):
        with pytest.raises(BadResponse, match="other files or another parent"):
            mirror.adopt(heads.base, tree, commit)
    for commit in (replace(forged, id="1" * 40), replace(forged, payload=forged.payload + "\ud800")):
        with pytest.raises(BadResponse, match="cannot be rebuilt from what it says was signed"):
            mirror.adopt(heads.base, tree, commit)


def by_the_forge(
    environments: BareRepository, ring: Keyring, top: str, sent: bytes, shown: str
) -> tuple[ForgeSignature, bytes]:
    """A commit signed as GitHub does it: what its API shows, and the bytes that it keeps."""
    who = "imagebot[bot] <1+imagebot[bot]@users.noreply.github.com> 1767225600 +0000"
    payload = f"{top}author {who}\ncommitter GitHub <noreply@github.com> 1767225600 +0000\n\ndeps: ä\n\nX: y"
    signature = ring.signed(payload.encode(), ring.make()).rstrip(b"\n")
    head, _, message = payload.encode().partition(b"\n\n")
    lines = b"".join(b" %s\n" % line for line in (signature + sent).split(b"\n"))
    whole = head + b"\ngpgsig" + lines + b"\n" + message
    commit = environments.git("hash-object", "-t", "commit", "--literally", "--stdin", stdin=whole)
    return ForgeSignature(commit, payload, signature.decode() + shown), whole


def agents(room: str) -> list[int]:
    """The agents that still run with a home in this folder."""
    lines = {path: path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()}
    return [int(path.parent.name) for path, line in lines.items() if b"gpg-agent" in line and room.encode() in line]


def ends(process: int) -> bool:
    """Whether a process that was told to end does so soon."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    try:
        return bool(ready.poll(10_000))
    finally:
        os.close(descriptor)
