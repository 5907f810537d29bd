"""Policy files side by side: one bad file stops one app, and two files do not claim one."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.read import MOST_PROBLEMS, read_policies


def app(name: str, *environments: str, extra: str = "") -> bytes:
    lines = [f"app: {name}", "repository: environments", "environments:"]
    lines += [f"  {environment}:" for environment in environments]
    return "\n".join([*lines, "images: [{image: nginx, semver: 1.x}]", extra, ""]).encode()


def test_files_come_in_the_order_of_their_names() -> None:
    found = read_policies({"b.yaml": app("b", "prod", "dev"), "a.yaml": app("a", "dev")}, {"environments"})
    assert [str(policy) for policy in found.policies] == ["a@dev", "b@prod", "b@dev"]
    assert found.complete


def test_a_bad_file_stops_its_own_app_only() -> None:
    found = read_policies({"a.yaml": b"app: [", "b.yaml": app("b", "dev", extra="semvar: 1")}, None)
    assert [problem.file for problem in found.problems] == ["a.yaml", "b.yaml"]
    assert found.policies == ()
    found = read_policies({"a.yaml": b"app: [", "b.yaml": app("b", "dev")}, None)
    assert [str(policy) for policy in found.policies] == ["b@dev"]
    assert not found.complete


def test_an_app_in_two_files_is_in_neither_where_both_have_the_environment() -> None:
    found = read_policies({"a.yaml": app("shop", "dev", "prod"), "b.yaml": app("shop", "prod", "test")}, None)
    assert [str(policy) for policy in found.policies] == ["shop@dev", "shop@test"]
    problems = """
        a.yaml:5:3: shop@prod is also in b.yaml:4; an app is in one file
            prod:
            ^~~~
        b.yaml:4:3: shop@prod is also in a.yaml:5; an app is in one file
            prod:
            ^~~~
        """
    assert "\n".join(str(problem) for problem in found.problems) == dedent(problems).strip()


def test_a_repository_that_the_settings_do_not_know() -> None:
    found = read_policies({"a.yaml": app("shop", "dev")}, ["enviroments", "other"])
    problem = """
        a.yaml:2:13: imagebot.yaml knows no repository 'environments'; did you mean 'enviroments'?
            repository: environments
                        ^~~~~~~~~~~~
        """
    assert [str(item) for item in found.problems] == [dedent(problem).strip()]
    assert found.policies == ()
    (none_near,) = read_policies({"a.yaml": app("shop", "dev")}, ["x", "y"]).problems
    assert none_near.message == "imagebot.yaml knows no repository 'environments'; it knows x, y"


def test_a_repository_of_one_environment() -> None:
    data = app("shop", "dev").replace(b"dev:", b"dev: {repository: elsewhere}")
    (problem,) = read_policies({"a.yaml": data}, ["environments"]).problems
    assert (problem.line, problem.column) == (4, 21)
    assert read_policies({"a.yaml": data}, ["environments", "elsewhere"]).complete


def test_advice_about_a_pattern_that_is_not_anchored() -> None:
    def advice(pattern: str) -> list[str]:
        data = app("shop", "dev").replace(b"semver: 1.x", f"semver: 1.x, tags: {{match: '{pattern}'}}".encode())
        found = read_policies({"a.yaml": data}, None)
        assert found.complete
        return [item.message.rpartition("write ")[2] for item in found.advice]

    assert advice(r"^[0-9.]+$") == []
    assert advice(r"[0-9.]+") == ["'^[0-9.]+$'"]
    assert advice(r"^v\d+") == [r"'^v\d+$'"]
    assert advice(r"alpine|slim$") == ["'^(?:alpine|slim)$'"]


@pytest.mark.parametrize(("image", "count"), [("redis", 1), ("acme/redis", 0), ("ghcr.io/acme/redis", 0)])
def test_advice_about_a_one_word_name_in_longer_text(image: str, count: int) -> None:
    data = app("shop", "dev").replace(
        b"image: nginx, semver: 1.x", f"image: {image}, semver: 1.x, embedded: true".encode()
    )
    found = read_policies({"a.yaml": data}, None)
    assert found.complete
    assert [(item.line, "a host and its port" in item.message) for item in found.advice] == [(5, True)] * count


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from([app("x", "dev"), app("y", "dev"), b"", b"a: ["]))
)
def test_no_policy_is_named_twice_and_whatever_is_left_out_has_a_problem(files: dict[str, bytes]) -> None:
    found = read_policies(files, None)
    names = [str(policy) for policy in found.policies]
    assert len(names) == len(set(names))
    assert {policy.file for policy in found.policies} | {problem.file for problem in found.problems} == set(files)


def test_no_hint_about_a_pattern_around_commit_ids() -> None:
    image = "{image: x, commit: {source: s}, tags: {match: ^main-}}"
    text = f"app: a\nrepository: r\nenvironments: {{dev: }}\nimages: [{image}]\n"
    assert read_policies({"x": text.encode()}, None).advice == ()
    assert len(read_policies({"x": text.replace("commit: {source: s}", "numeric: asc").encode()}, None).advice) == 1
    both = text.replace(image, f"{image}, {{image: y, numeric: asc, tags: {{match: ^main-}}}}")
    assert [item.line for item in read_policies({"x": both.encode()}, None).advice] == [4], "the other one is looked at"


def test_what_did_not_change_is_not_read_again_however_much_there_is() -> None:
    files = {f"{name}.yaml": POLICY_TEXT.replace("NAME", name).encode() for name in ("a", "b", "c")}
    first = read_policies(files, None)
    changed = read_policies({**files, "b.yaml": files["b.yaml"] + b"# a remark\n"}, None)
    assert [one is two for one, two in zip(first.policies, changed.policies, strict=True)] == [True, False, True]


def test_what_is_gone_is_not_kept() -> None:
    """A bot runs for months, and policies are edited every day."""
    files = {"a.yaml": POLICY_TEXT.replace("NAME", "a").encode()}
    first = read_policies(files, None)
    read_policies({}, None)
    assert read_policies(files, None) == first
    assert read_policies(files, None).policies[0] is not first.policies[0]


def test_what_imagebot_yaml_knows_decides_anew() -> None:
    files = {"a.yaml": POLICY_TEXT.replace("NAME", "a").encode()}
    assert read_policies(files, ["r"]).problems == ()
    assert "knows no repository 'r'" in read_policies(files, ["other"]).problems[0].message
    assert read_policies(files, ["r"]).problems == ()


POLICY_TEXT = "app: NAME\nrepository: r\nenvironments: {e: {}}\nimages: [{image: nginx, semver: ^1}]\n"


def test_a_file_full_of_problems_fills_no_log() -> None:
    text = "app: a\n" + "".join(f"key{number}: x\n" for number in range(300))
    found = read_policies({"a.yaml": text.encode()}, None).problems
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1].message.endswith("more problems from here on")
