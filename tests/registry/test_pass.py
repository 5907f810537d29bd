"""Within a pass nobody is asked the same twice, and who fails again and again is left alone until the next."""

from __future__ import annotations

import gc
import json
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.images.reference import ImageName
from imagebot.registry.allowance import NotAsked, RegistryAllowance
from imagebot.registry.budget import Lists, MemoryBudget, MemoryShare
from imagebot.registry.client import Registries
from imagebot.registry.limits import (
    FAILURES_OF_HOST,
    FAILURES_OF_IMAGE,
    FREE_BYTES,
    HELD_BYTES,
    MIB,
    PASS_BYTES,
    PASS_REQUESTS,
    PATIENCE,
    QUESTIONS_AT_ONCE,
    SLOW_SECONDS,
    TAGS_HOLD,
    USUAL_SECONDS,
    Deadline,
    Timeouts,
)
from imagebot.registry.pass_cache import Documents
from imagebot.settings.resolve import RegistrySettings
from tests.support import oci_folder
from tests.support.fake_registry import DIGEST, JSON, oci_error, tag_list
from tests.support.oci_folder import Build
from tests.support.web_function import Answer, Asked, HangUp, Served, serving


def registries(*served: Served, timeouts: Timeouts = PATIENCE) -> Registries:
    return Registries({each.host: RegistrySettings(plain_http=True) for each in served}, timeouts=timeouts)


def kinds(served: Served) -> list[str]:
    """What was asked for, in order: `HEAD manifests`, `GET blobs`."""
    return [f"{asked.method} {asked.path.rsplit('/', 2)[1]}" for asked in served.asked]


def test_one_new_tag_costs_each_manifest_and_config_once(tmp_path: Path) -> None:
    """It was 13 requests for the new one and the old one: a manifest three times, a config twice."""
    builds = {"linux/amd64": Build(), "linux/arm64": Build()}
    for tag in ("1.0.0", "1.1.0"):
        oci_folder.publish_index(tmp_path, "acme/api", tag, builds, annotations={"version": tag})
    with oci_folder.serve(tmp_path) as served:
        client, name = registries(served), ImageName(served.host, "acme/api")
        digest = client.digest(name, "1.1.0")
        client.verify(name, digest)
        platforms = client.platforms(name, digest)
        client.about(name, digest, "linux/amd64")
        client.created(name, digest)
        client.verify(name, platforms["linux/amd64"])
        assert kinds(served) == ["HEAD manifests", "GET manifests", "GET manifests", "GET blobs"]
        client.about(name, digest, "linux/arm64")
        assert len(served.asked) == 6, "another platform has a manifest and a config of its own"


def test_threads_that_want_the_same_manifest_fetch_it_once(tmp_path: Path) -> None:
    digest = oci_folder.publish(tmp_path, "acme/api", "1.0.0")
    with oci_folder.serve(tmp_path) as served:
        client, name = registries(served), ImageName(served.host, "acme/api")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: client.about(name, digest), range(8)))
        assert kinds(served) == ["GET manifests", "GET blobs"]


def test_a_manifest_is_fetched_again_in_the_next_pass(tmp_path: Path) -> None:
    digest = oci_folder.publish(tmp_path, "acme/api", "1.0.0")
    with oci_folder.serve(tmp_path) as served:
        client, name = registries(served), ImageName(served.host, "acme/api")
        client.verify(name, digest)
        client.new_pass()
        client.verify(name, digest)
        assert len(served.asked) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(404), NotFound),
        (Answer(403), Refused),
        (Answer(418), BadResponse),
        (Answer(429, (("Retry-After", "0"),)), Unavailable),
        (Answer(500), Unavailable),
    ],
)
def test_what_failed_in_this_pass_is_not_asked_again(answer: Answer, error: type[WorldError]) -> None:
    with serving(lambda _: answer) as served:
        client, name = registries(served), ImageName(served.host, "acme/api")
        words = set()
        for _ in range(3):
            with pytest.raises(error) as caught:
                client.tags(name)
            words.add(str(caught.value))
        asked = len(served.asked)
        assert len(words) == 1
        client.new_pass()
        with pytest.raises(error):
            client.tags(name)
        assert len(served.asked) == 2 * asked


def test_a_registry_that_fails_for_image_after_image_is_left_alone_until_the_next_pass() -> None:
    with serving(lambda _: Answer(500)) as served:
        client = registries(served)
        for number in range(FAILURES_OF_HOST):
            with pytest.raises(Unavailable, match=r"\(500\), twice"):
                client.tags(ImageName(served.host, f"acme/{number}"))
        asked = len(served.asked)
        with pytest.raises(Unavailable) as caught:
            client.tags(ImageName(served.host, "acme/api"))
        assert str(caught.value) == (
            f"{served.host} failed for 5 images in this pass "
            f"(last: {served.host} cannot list acme/4 now (500), twice); not asked again until the next"
        )
        assert len(served.asked) == asked
        client.new_pass()
        with pytest.raises(Unavailable, match=r"\(500\), twice"):
            client.tags(ImageName(served.host, "acme/api"))


def test_one_image_that_fails_again_and_again_costs_no_other() -> None:
    with serving(lambda asked: Answer(500) if "bad" in asked.path else tag_list("1.0.0")) as served:
        client = registries(served)
        for number in range(FAILURES_OF_IMAGE + 3):
            with pytest.raises(Unavailable):
                client.digest(ImageName(served.host, "acme/bad"), f"1.0.{number}")
            assert client.tags(ImageName(served.host, f"acme/{number}")).tags == ("1.0.0",)
        bad = [asked for asked in served.asked if "bad" in asked.path]
        assert len(bad) == 2 * FAILURES_OF_IMAGE


def test_an_answer_in_between_is_a_sign_of_life() -> None:
    allowance = RegistryAllowance("r.test")
    for number in range(3 * FAILURES_OF_HOST):
        if number % (FAILURES_OF_HOST - 1) == 0:
            with pytest.raises(NotFound), allowance.question("acme/api", Deadline(PATIENCE)):
                raise NotFound("it answered")
        with pytest.raises(Unavailable, match="down"), allowance.question(str(number), Deadline(PATIENCE)):
            raise Unavailable("down")


def test_who_was_not_asked_has_not_failed() -> None:
    allowance = RegistryAllowance("r.test")
    for number in range(3 * FAILURES_OF_HOST):
        with pytest.raises(NotAsked, match="later"), allowance.question(str(number), Deadline(PATIENCE)):
            raise NotAsked("later")


def test_one_error_of_a_registry_that_passes_costs_nobody_the_pass() -> None:
    numbers = iter(range(10))
    with serving(lambda _: Answer(502) if next(numbers) == 0 else tag_list("1.0.0")) as served:
        assert registries(served).tags(ImageName(served.host, "acme/api")).tags == ("1.0.0",)


@pytest.mark.parametrize(("requests", "size"), [(PASS_REQUESTS + 1, 0), (0, PASS_BYTES + 1)])
def test_requests_and_bytes_of_a_pass_are_counted(requests: int, size: int) -> None:
    allowance = RegistryAllowance("r.test")
    allowance.spend(PASS_REQUESTS, PASS_BYTES)
    with pytest.raises(NotAsked, match="of this pass; not asked again until the next"):
        RegistryAllowance("r.test").spend(requests, size)


def test_a_registry_that_is_slow_for_everybody_costs_itself_alone() -> None:
    allowance = RegistryAllowance("r.test")
    for _ in range(100):
        allowance.took(USUAL_SECONDS)
        allowance.took(USUAL_SECONDS + SLOW_SECONDS / 100)
    allowance.took(USUAL_SECONDS + 1)
    with (
        pytest.raises(NotAsked, match=r"r\.test took 301 s of this pass more than is usual; not asked again until"),
        allowance.question("acme/api", Deadline(PATIENCE)),
    ):
        pass


def test_a_few_questions_at_a_time_go_to_a_host() -> None:
    """More would be threads that nobody gets back should it fall silent."""
    inside, most, lock = set(), [0], threading.Lock()
    full, over = threading.Event(), threading.Event()

    def function(asked: Asked) -> Answer:
        with lock:
            inside.add(asked.path)
            most[0] = max(most[0], len(inside))
            if len(inside) == QUESTIONS_AT_ONCE:
                full.set()
        over.wait(10)
        with lock:
            inside.discard(asked.path)
        return tag_list("1.0.0")

    with serving(function) as served, serving(lambda _: tag_list("2.0.0")) as other:
        client = registries(served, other)
        with ThreadPoolExecutor(16) as pool:
            names = [ImageName(served.host, f"acme/{number}") for number in range(16)]
            answers = pool.map(client.tags, names)
            assert full.wait(10)
            assert client.tags(ImageName(other.host, "acme/api")).tags == ("2.0.0",), "others do not wait"
            over.set()
            assert {answer.tags for answer in answers} == {("1.0.0",)}
    assert most[0] <= QUESTIONS_AT_ONCE


def test_who_waits_for_a_busy_host_waits_no_longer_than_his_question_may_take() -> None:
    allowance = RegistryAllowance("r.test")
    over, inside = threading.Event(), threading.Barrier(QUESTIONS_AT_ONCE + 1)

    def ask(number: int) -> None:
        with allowance.question(str(number), Deadline(PATIENCE)):
            inside.wait()
            over.wait(10)

    with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
        for number in range(QUESTIONS_AT_ONCE):
            pool.submit(ask, number)
        inside.wait()
        late = Deadline(Timeouts(total=0.01))
        with pytest.raises(NotAsked, match="was busy with 4 other questions"), allowance.question("late", late):
            pass
        over.set()


def test_a_large_answer_waits_until_there_is_memory_for_it() -> None:
    budget = MemoryBudget(100)
    late = Deadline(Timeouts(total=0.01))
    with MemoryShare(budget, "a.test") as one:
        one.take(60, late)
        one.take(60, late)
        with (
            MemoryShare(budget, "b.test") as two,
            pytest.raises(NotAsked, match=r"b\.test sent a large answer, for which"),
        ):
            two.take(60, late)
        with MemoryShare(budget, "a.test") as again, pytest.raises(NotAsked):
            again.take(1, late)
    with MemoryShare(budget, "b.test") as two:
        two.take(100, late)


def test_who_holds_memory_and_drips_keeps_nobody_with_small_answers_waiting() -> None:
    hosts = HELD_BYTES // TAGS_HOLD
    over, inside = threading.Event(), threading.Barrier(hosts + 1)

    def drops() -> Iterator[bytes]:
        yield b" " * (4 * FREE_BYTES)
        inside.wait()
        over.wait(10)

    hostile = [Served(lambda _: Answer(200, (JSON,), drops()), f"127.0.0.{2 + number}") for number in range(hosts)]
    with serving(lambda _: tag_list("1.0.0")) as sound, ThreadPoolExecutor(hosts) as pool:
        client = registries(sound, *hostile)
        asked = [pool.submit(client.tags, ImageName(each.host, "acme/api")) for each in hostile]
        inside.wait()
        assert client.tags(ImageName(sound.host, "acme/api")).tags == ("1.0.0",)
        over.set()
        assert all(isinstance(each.exception(), BadResponse) for each in asked)
    for each in hostile:
        each.close()


def test_lists_that_fill_the_pass_crowd_out_themselves() -> None:
    lists = Lists(100)
    for _ in range(9):
        lists.keep(10, "hostile.test")
    lists.keep(10, "hostile.test")
    with pytest.raises(NotAsked, match=r"hostile\.test lists more tags than one pass has memory for"):
        lists.keep(10, "hostile.test")
    lists.keep(50, "sound.test")
    with pytest.raises(NotAsked):
        lists.keep(1, "sound.test")
    lists.keep(33, "third.test")


def test_documents_are_remembered_as_long_as_there_is_room() -> None:
    documents: Documents[str] = Documents(10)
    fetched: list[str] = []

    def get(key: str, size: int) -> str:
        def fetch() -> tuple[str, int]:
            fetched.append(key)
            return key, size

        return documents.get(key, fetch, Deadline(PATIENCE))

    for _ in range(2):
        assert [get("a", 6), get("b", 6), get("c", 4)] == ["a", "b", "c"]
    assert fetched == ["a", "b", "c", "b"]


def test_a_cut_in_the_middle_of_a_list_does_not_look_like_the_same_page_again() -> None:
    numbers = iter(range(10))

    def function(asked: Asked) -> Answer:
        if "last" not in asked.query:
            return tag_list("1.0.0", headers=[("Link", "</v2/x?last=1>; rel=next")])
        if next(numbers) == 0:
            raise HangUp
        return tag_list("1.1.0")

    with serving(function) as served:
        assert registries(served).tags(ImageName(served.host, "acme/api")).tags == ("1.0.0", "1.1.0")


def test_a_full_page_of_what_is_no_tag_is_no_whole_list() -> None:
    with serving(lambda _: tag_list(*["-" * 9000] * 1000)) as served:
        found = registries(served).tags(ImageName(served.host, "acme/api"))
    assert (found.tags, found.dropped, found.complete) == ((), 1000, False)


def test_a_control_question_is_asked_whatever_failed_before() -> None:
    with serving(lambda _: oci_error(404, "MANIFEST_UNKNOWN")) as served:
        client, name = registries(served), ImageName(served.host, "acme/api")
        with pytest.raises(NotFound):
            client.verify(name, DIGEST)
        assert not client.exists(name, DIGEST)
        assert len(served.asked) == 3


def test_an_error_that_is_kept_keeps_nothing_of_what_was_being_read() -> None:
    """A pass keeps its errors to its end: with their frames they kept 340 MB of tags, and circles another 80."""
    body = json.dumps({"tags": [f"1.1.{number}" for number in range(90_000)]}).encode()[:-2]
    with serving(lambda _: Answer(200, (JSON,), body)) as served:
        client, kept = registries(served), []
        gc.disable()
        tracemalloc.start()
        try:
            for number in range(4):
                with pytest.raises(BadResponse) as caught:
                    client.tags(ImageName(served.host, f"acme/{number}"))
                kept.append(caught.value)
            assert tracemalloc.get_traced_memory()[0] < MIB
        finally:
            tracemalloc.stop()
            gc.enable()
    assert all(error.__context__ is None and error.__cause__ is None for error in kept)
