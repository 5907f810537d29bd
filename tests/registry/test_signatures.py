"""What is found beside an image, by each of the ways in which it may hang there, and how little that costs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, Refused, Unavailable
from imagebot.images.name_prefix import NamePrefix
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.limits import ATTESTATION_BYTES, SIGNATURES
from imagebot.settings.mirrors import RegistryMirror
from imagebot.settings.resolve import RegistrySettings
from imagebot.trust.evidence import BrokenPiece, Evidence, OtherSignature, SigstoreBundle, Untold
from imagebot.trust.statement import SIGN
from tests.support.docker_registry import docker_registry, lay
from tests.support.fake_registry import oci_error
from tests.support.signed_images import INDEX, MANIFEST, Laid, Shelf, digest_of, index, referred, tagged
from tests.support.signing import BUNDLE_TYPE, IMAGE, SLSA_1, bundle, key, loose, simple, statement
from tests.support.web_function import Answer, Asked, Function, serving

OURS = key("release")
SIGNATURE = frozenset({SIGN})
PROVENANCE = frozenset({SLSA_1})
IN_A_TAG = [simple(OURS), simple(key("theirs"))]
BUNDLES = [bundle(OURS), bundle(key("theirs"))]
ATTESTATION = loose(OURS, statement(kind=SLSA_1))
ATTESTED = bundle(OURS, statement(kind=SLSA_1))


def found(
    registry: Function, types: frozenset[str] = SIGNATURE, enough: int = 1000
) -> tuple[Sequence[Evidence], str, Sequence[str]]:
    """The pieces, why there may be more, and the requests that it took."""
    seen: list[Evidence] = []

    def look(piece: Evidence) -> bool:
        seen.append(piece)
        return len(seen) == enough

    with serving(registry) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        assert registries.signatures(ImageName(served.host, "acme/api"), IMAGE, types, look) is (len(seen) == enough)
        last = seen[-1] if seen else None
        cut = last.kind if isinstance(last, OtherSignature) and "more" in last.kind else ""
        paths = [asked.path.partition("/acme/api/")[2] for asked in served.asked]
        return seen[: -1 if cut else None], cut, paths


def shelf(*laid: Iterable[Laid], api: bool = False) -> Shelf:
    made = Shelf(api=api)
    for some in laid:
        made.lay(some)
    return made


def test_an_image_without_anything_costs_three_requests() -> None:
    stands_in = IMAGE.replace(":", "-")
    seen, cut, asked = found(shelf())
    assert (seen, cut) == ([], "")
    assert asked == [f"manifests/{stands_in}.sig", f"referrers/{IMAGE}", f"manifests/{stands_in}"]


@pytest.mark.parametrize("api", [True, False], ids=["referrers API", "the tag in its place"])
def test_signatures_are_found_in_every_form(api: bool) -> None:
    seen, cut, _ = found(shelf([tagged(IMAGE, IN_A_TAG)], referred(IMAGE, BUNDLES), api=api))
    assert (seen, cut) == ([*IN_A_TAG, *BUNDLES], "")


def test_only_what_is_asked_for_is_fetched() -> None:
    everything = shelf(
        [tagged(IMAGE, IN_A_TAG), tagged(IMAGE, [ATTESTATION])], referred(IMAGE, [ATTESTED], kind=SLSA_1), api=True
    )
    assert found(everything)[0] == IN_A_TAG
    assert found(everything, PROVENANCE)[0] == [ATTESTATION, ATTESTED]


def test_who_has_seen_enough_asks_no_more() -> None:
    seen, cut, asked = found(shelf([tagged(IMAGE, IN_A_TAG)], referred(IMAGE, BUNDLES)), enough=1)
    assert (seen, cut, len(asked)) == (IN_A_TAG[:1], "", 2)


def test_a_notation_signature_is_told_and_not_fetched() -> None:
    listed = index([{"artifactType": "application/vnd.cncf.notary.signature", "digest": IMAGE, "size": 1}])
    seen, _, asked = found(shelf([Laid(IMAGE.replace(":", "-"), listed, type=INDEX)]))
    assert seen == [OtherSignature("a Notation signature")]
    assert len(asked) == 3


def test_ten_thousand_referrers_cost_no_more_than_some() -> None:
    [referrer, _] = referred(IMAGE, BUNDLES[:1])
    entry = {"artifactType": BUNDLE_TYPE, "digest": referrer.reference, "size": 1}
    many = shelf([referrer, Laid(IMAGE.replace(":", "-"), index([entry] * 5_000), type=INDEX)])
    seen, cut, asked = found(many)
    assert "more signatures than are looked at" in cut
    assert len(asked) <= SIGNATURES + 3
    assert {type(piece) for piece in seen} == {SigstoreBundle}


def test_an_endless_list_of_referrers_ends() -> None:
    listed = index([])
    link = ("Link", f'</v2/acme/api/referrers/{IMAGE}?page=x>; rel="next"')

    def endless(asked: Asked) -> Answer:
        if "referrers" in asked.path:
            return Answer(200, (("Content-Type", INDEX), link), listed)
        return oci_error(404, "MANIFEST_UNKNOWN")

    seen, cut, asked = found(endless)
    assert seen == []
    assert cut == "beside it are more than 5 pages of referrers"
    assert len(asked) == 6


def _named(**layer: object) -> Laid:
    layers = [{"mediaType": BUNDLE_TYPE, "digest": IMAGE, "size": 1, **layer}]
    body = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers}).encode()
    return Laid(f"{IMAGE.replace(':', '-')}.sig", body)


@pytest.mark.parametrize(
    ("laid", "because"),
    [
        pytest.param(_named(size=ATTESTATION_BYTES + 1), "larger than the 4096 KiB", id="a gibibyte, says its size"),
        pytest.param(_named(size=True), "larger than", id="a size that is none"),
        pytest.param(_named(digest="x"), "digest that is none", id="a digest that is none"),
        pytest.param(_named(), "not there", id="a blob that is gone"),
        pytest.param(Laid(f"{IMAGE.replace(':', '-')}.sig", b"[" * 200 + b"]" * 200), "deeper", id="a well"),
    ],
)
def test_what_cannot_be_had_is_told_and_hides_nothing(laid: Laid, because: str) -> None:
    seen, cut, _ = found(shelf([laid], referred(IMAGE, BUNDLES), api=True))
    assert isinstance(seen[0], BrokenPiece)
    assert because in seen[0].because
    assert (list(seen[1:]), cut) == (BUNDLES, "")


def test_a_blob_that_is_another_than_its_digest_says_tells_nothing() -> None:
    made = shelf([tagged(IMAGE, IN_A_TAG[:1])])
    made.blobs[digest_of(IN_A_TAG[0].payload)] = b"{}"
    [piece] = found(made)[0]
    assert isinstance(piece, Untold)
    assert "sent another blob" in piece.because


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(oci_error(503, ""), Unavailable, id="down"),
        pytest.param(oci_error(403, "DENIED"), Refused, id="not for us"),
        pytest.param(Answer(200, (("Content-Type", "text/html"),), b"<html>"), BadResponse, id="a page"),
    ],
)
def test_a_registry_that_does_not_tell_is_not_taken_to_have_nothing(answer: Answer, error: type[Exception]) -> None:
    with pytest.raises(error):
        found(lambda asked: answer if "referrers" in asked.path else oci_error(404, "MANIFEST_UNKNOWN"))


def test_a_real_registry_has_what_cosign_put_there(tmp_path: Path) -> None:
    seen: list[Evidence] = []

    def look(piece: Evidence) -> bool:
        seen.append(piece)
        return False

    with docker_registry(tmp_path) as running:
        for one in (tagged(IMAGE, IN_A_TAG), *referred(IMAGE, BUNDLES)):
            lay(running.folder, "acme/api", one.reference, one.manifest, one.blobs)
        registries = Registries({running.host: RegistrySettings(plain_http=True)})
        assert not registries.signatures(ImageName(running.host, "acme/api"), IMAGE, SIGNATURE, look)
    assert seen == [*IN_A_TAG, *BUNDLES]


@pytest.mark.parametrize("fallback", [True, False])
def test_a_mirror_without_signatures_hides_none_where_the_registry_may_be_asked(fallback: bool) -> None:
    """Most mirrors hold images and no more."""
    signed = shelf([tagged(IMAGE, IN_A_TAG)])
    seen: list[Evidence] = []

    def look(piece: Evidence) -> bool:
        seen.append(piece)
        return False

    with serving(signed) as registry, serving(shelf()) as mirror:
        there = RegistryMirror(url=NamePrefix(mirror.host, "hub"), fallback=fallback)
        settings = {
            registry.host: RegistrySettings(plain_http=True, mirror=there),
            mirror.host: RegistrySettings(plain_http=True),
        }
        Registries(settings).signatures(ImageName(registry.host, "acme/api"), IMAGE, SIGNATURE, look)
    assert seen == (IN_A_TAG if fallback else [])
    assert mirror.asked
