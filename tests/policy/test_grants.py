from __future__ import annotations

import hashlib
import marshal
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from edge import errors
from edge.interfaces.inbound import Inbound
from edge.interfaces.secrets import SERVED_TO, Secrets
from edge.limits import PI_ZERO
from edge.manifest import Manifest
from edge.permissions.catalogue import CATALOGUE, capability_of
from edge.permissions.levels import ORDER
from edge.policy.grants import Grants, digest, resolve
from edge.policy.model import PluginPolicy, Policy

LOGGING = "zeroclaw:plugin/logging@0.1.0#log-record"
SECRETS = "zeroclaw:plugin/secrets@0.1.0#get"
INBOUND = "zeroclaw:plugin/inbound@0.1.0#inbound-poll"
HTTP = "wasi:http/outgoing-handler@0.2.3#handle"
KV = "edge:host/kv@0.1.0#get"
CLI = "edge:host/cli@0.1.0#run"
DELEGATE = "edge:host/delegate@0.1.0#call"
WASI = "wasi:cli/environment@0.2.9#get-environment"
ALL = [WASI, LOGGING, SECRETS, INBOUND, HTTP, KV, CLI, DELEGATE]
WHOLE = {INBOUND: "channel", HTTP: "http_client", KV: "kv"}

ASKS = (
    ("http_client", "api.example.org"),
    ("http_client", "*.example.net:443"),
    ("config_read", "token"),
    ("channel",),
    ("kv", "100"),
    ("cli", "/bin/git", "log", "{int}"),
    ("delegate", "clock/now"),
)
USES: dict[str, tuple[Callable[[Grants], None], Callable[[Grants], None]]] = {
    "http_client": (
        lambda g: g.check("http_client", "api.example.org", "80"),
        lambda g: g.check("http_client", "evil.org", "443"),
    ),
    "config_read": (lambda g: g.check("config_read", "token"), lambda g: g.check("config_read", "other")),
    "cli": (
        lambda g: g.check("cli", "/bin/git", "log", "7"),
        lambda g: g.check("cli", "/bin/git", "log", "--output=x"),
    ),
    "delegate": (lambda g: g.check("delegate", "clock/now"), lambda g: g.check("delegate", "clock/set")),
    "channel": (lambda g: g.check("channel"), lambda g: g.check("channel", "other")),
    "kv": (lambda g: g.check("kv"), lambda g: g.check("kv", "other")),
}


def grants(
    level: str = "default",
    *,
    asks: Any = ASKS,
    consents: Any = (),
    given: Any = (),
    own_level: str = "",
    audit: Any = None,
) -> Grants:
    manifest = Manifest(fields={"name": "a"}, requests=asks, level=own_level)
    policy = Policy(level=level, plugins={"a": PluginPolicy("", consents, given)})
    return resolve(manifest, policy, profile=PI_ZERO, audit=audit)


def allowed(use: Callable[[Grants], None], found: Grants) -> bool:
    try:
        use(found)
    except errors.Denied:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        (WASI, "wasi"),
        ("wasi:sockets/tcp@0.2.0#[method]tcp-socket.shutdown", "wasi"),
        (LOGGING, "logging"),
        (SECRETS, "config_read"),
        (INBOUND, "channel"),
        (HTTP, "http_client"),
        ("wasi:http/types@0.2.0#[constructor]fields", "http_client"),
        ("edge:host/http@0.1.0#fetch", "http_client"),
        (KV, "kv"),
        (CLI, "cli"),
        (DELEGATE, "delegate"),
        ("wasi:keyvalue/store@0.2.0#open", "unknown"),
        ("edge:host/kvx@0.1.0#get", "unknown"),
        ("zeroclaw:plugin/other@0.1.0#get", "unknown"),
        ("function", "unknown"),
    ],
)
def test_an_import_needs_a_capability(name: str, capability: str) -> None:
    assert capability_of(name) == capability


def test_a_plugin_that_declares_nothing_gets_what_every_plugin_has_and_no_more() -> None:
    found = grants("relaxed", asks=())
    assert [row.capability for row in found.rows(ALL) if row.granted] == ["wasi", "logging"]


def test_a_row_has_the_three_columns() -> None:
    found = {row.capability: row for row in grants(consents=ASKS[:1]).rows([LOGGING, HTTP, SECRETS])}
    http = found["http_client"]
    assert (http.imported, http.declared, http.allowed, http.granted) == (
        ["wasi:http/outgoing-handler@0.2.3"],
        ASKS[:2],
        ASKS[:1],
        True,
    )
    assert "only part of what is declared" in http.reason
    secrets = found["config_read"]
    assert (secrets.declared, secrets.allowed, secrets.granted) == (ASKS[2:3], (), False)
    assert "not consented" in secrets.reason
    assert (found["kv"].imported, found["kv"].granted) == ([], False)
    assert "does not import" in found["kv"].reason


@pytest.mark.parametrize("imported", [True, False])
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("consented", [True, False])
@pytest.mark.parametrize(("name", "capability"), WHOLE.items())
def test_a_capability_takes_all_three(
    name: str, capability: str, imported: bool, declared: bool, consented: bool
) -> None:
    asks = ASKS if declared else ()
    found = grants(asks=asks, consents=ASKS if consented else ())
    rows = found.rows([LOGGING, name] if imported else [LOGGING])
    granted = capability in {row.capability for row in rows if row.granted}
    assert granted is (imported and declared and consented)
    if imported and not granted:
        with pytest.raises(errors.NotGranted, match=f"needs {capability}"):
            found.check_load([LOGGING, name])
    else:
        found.check_load([LOGGING, name] if imported else [LOGGING])


def test_an_import_that_edge_does_not_know_is_granted_by_nobody() -> None:
    name = "acme:door/lock@1.0.0#open"
    with pytest.raises(errors.NotGranted, match="acme:door/lock@1.0.0 needs unknown"):
        grants("relaxed").check_load([name])


def test_what_depends_on_arguments_does_not_keep_a_plugin_from_loading() -> None:
    grants("paranoid", asks=()).check_load([WASI, LOGGING, SECRETS, CLI, DELEGATE])


@pytest.mark.parametrize("level", ORDER)
@pytest.mark.parametrize("capability", USES)
def test_without_a_grant_every_use_is_denied_and_audited(level: str, capability: str) -> None:
    facts: list[dict[str, Any]] = []
    found = grants(level, asks=(), consents=ASKS, given=ASKS, audit=facts.append)
    use, _ = USES[capability]
    with pytest.raises(errors.Denied) as caught:
        use(found)
    assert caught.value.exit_code == 3
    (fact,) = facts
    assert (fact["event"], fact["plugin"], fact["level"], fact["capability"]) == (
        "denied",
        "a",
        level,
        capability,
    )
    assert fact["reason"] == "the manifest does not declare it"


@pytest.mark.parametrize("capability", USES)
def test_a_grant_is_for_what_it_names(capability: str) -> None:
    found = grants("relaxed")
    use, other = USES[capability]
    use(found)
    with pytest.raises(errors.Denied):
        other(found)


@pytest.mark.parametrize(
    ("level", "nothing", "consented", "granted"),
    [
        ("relaxed", True, True, True),
        ("default", False, True, True),
        ("strict", False, False, True),
        ("paranoid", False, False, True),
    ],
)
def test_who_consents(level: str, nothing: bool, consented: bool, granted: bool) -> None:
    use, _ = USES["http_client"]
    assert allowed(use, grants(level)) is nothing
    assert allowed(use, grants(level, consents=ASKS)) is consented
    assert allowed(use, grants(level, given=ASKS)) is granted


@pytest.mark.parametrize(
    ("level", "wild", "exact"),
    [
        ("relaxed", True, True),
        ("default", True, True),
        ("strict", False, True),
        ("paranoid", False, True),
    ],
)
def test_wildcard_hosts(level: str, wild: bool, exact: bool) -> None:
    def use(found: Grants) -> None:
        found.check("http_client", "x.example.net", "443")

    assert allowed(use, grants(level, given=ASKS)) is wild
    assert allowed(use, grants(level, given=[("http_client", "x.example.net:443")])) is exact


@pytest.mark.parametrize(
    ("level", "capability", "expected"),
    [
        *[
            ("relaxed", "cli", True),
            ("default", "cli", True),
            ("strict", "cli", False),
            ("paranoid", "cli", False),
        ],
        ("relaxed", "delegate", True),
        ("default", "delegate", True),
        ("strict", "delegate", True),
        ("paranoid", "delegate", False),
    ],
)
def test_programs_and_delegation(level: str, capability: str, expected: bool) -> None:
    assert allowed(USES[capability][0], grants(level, given=ASKS)) is expected


@pytest.mark.parametrize(
    ("level", "expected"), [("relaxed", True), ("default", True), ("strict", True), ("paranoid", False)]
)
def test_each_call_against_an_explicit_list(level: str, expected: bool) -> None:
    assert allowed(USES["config_read"][0], grants(level, given=[("config_read",)])) is expected
    assert allowed(USES["config_read"][0], grants(level, given=[("config_read", "token")]))


@pytest.mark.parametrize("level", ORDER)
def test_every_use_audited_with_its_arguments_digest(level: str) -> None:
    facts: list[dict[str, Any]] = []
    found = grants(level, given=ASKS, audit=facts.append)
    found.check("http_client", "api.example.org", "443")
    with pytest.raises(errors.Denied):
        found.check("http_client", "evil.org", "443")
    events = [fact["event"] for fact in facts]
    assert events == (["used", "denied"] if level == "paranoid" else ["denied"])
    for fact, host in zip(facts, ["api.example.org", "evil.org"]):
        if level == "paranoid":
            said = f"{len(host)}:{host}3:443".encode()
            assert fact["arguments_sha256"] == hashlib.sha256(said).hexdigest()
        else:
            assert "arguments_sha256" not in fact


@pytest.mark.parametrize(
    ("level", "capability", "reason"),
    [
        ("default", "http_client", "the operator has not consented"),
        ("strict", "http_client", "level strict requires a grant by the operator, host by host"),
        ("strict", "kv", "level strict requires a grant by the operator"),
        ("strict", "cli", "level strict does not allow programs"),
        ("paranoid", "delegate", "level paranoid does not allow delegation"),
    ],
)
def test_a_denial_says_what_is_missing(level: str, capability: str, reason: str) -> None:
    facts: list[dict[str, Any]] = []
    with pytest.raises(errors.Denied):
        USES[capability][0](grants(level, audit=facts.append))
    assert facts[0]["reason"] == reason


def test_the_digest_tells_lists_of_arguments_apart() -> None:
    lists = [["a", "b"], ["ab"], ["a", "", "b"], ["a1:b"], [], [""], ["\ud800"]]
    assert len(set(map(digest, lists))) == len(lists)


@pytest.mark.parametrize(
    ("level", "free"), [("relaxed", 64), ("default", 16), ("strict", 8), ("paranoid", 4)]
)
@pytest.mark.parametrize("asked", [0, 2, 12, 32, 100])
def test_limits(level: str, free: int, asked: int) -> None:
    asks = (("limits", "memory", str(asked << 20)),) if asked else ()
    found = grants(level, asks=asks)
    expected = (asked or free) if level == "relaxed" else min(asked or free, free)
    assert found.limits["memory"] == expected << 20
    assert grants(level, asks=asks, given=asks).limits["memory"] == (asked or free) << 20
    half = (("limits", "memory", str(asked << 19)),)
    if asked and level != "relaxed":
        assert grants(level, asks=asks, given=half).limits["memory"] == min(
            max(asked << 19, free << 20), asked << 20
        )


def test_the_limits_of_a_call_are_those_that_were_granted() -> None:
    found = grants(
        asks=(
            ("limits", "memory", "4096"),
            ("limits", "deadline", "1.5"),
            ("limits", "calls_per_minute", "2"),
        )
    )
    limits = found.call_limits(PI_ZERO.limits.replace(slice_fuel=7))
    assert (limits.memory, limits.deadline, limits.slice_fuel, limits.fuel) == (
        4096,
        1.5,
        7,
        PI_ZERO.limits.fuel,
    )
    assert found.limits["calls_per_minute"] == 2


@pytest.mark.parametrize(
    ("device", "own", "asked", "expected"),
    [
        ("default", "", "", "default"),
        ("default", "relaxed", "", "default"),
        ("default", "paranoid", "", "paranoid"),
        ("strict", "", "relaxed", "relaxed"),
        ("strict", "default", "relaxed", "default"),
    ],
)
def test_the_manifests_own_level_holds_where_it_is_stricter(
    device: str, own: str, asked: str, expected: str
) -> None:
    manifest = Manifest(fields={"name": "a"}, level=own)
    assert resolve(manifest, Policy(level=device), profile=PI_ZERO, level=asked).level == expected


@pytest.mark.parametrize("host", ["API.example.org", "api.EXAMPLE.org"])
def test_hosts_are_the_same_in_upper_case(host: str) -> None:
    grants("relaxed").check("http_client", host, "80")


@pytest.mark.parametrize(
    "host",
    [
        *[
            "api.example.org.",
            "api.example.org/",
            "api.example.org#",
            "u@api.example.org",
            "api.example.org:80",
            "",
        ],
        *[
            " api.example.org",
            "api.example.org\0",
            "api%2eexample.org",
            "ap\u0131.example.org",
            "\uff41pi.example.org",
        ],
    ],
)
def test_hosts_have_one_spelling(host: str) -> None:
    with pytest.raises(errors.Denied):
        grants("relaxed").check("http_client", host, "80")


def test_a_letter_that_only_looks_the_same_in_lower_case_is_another_host() -> None:
    found = grants("relaxed", asks=[("http_client", "clock.example.org")])
    found.check("http_client", "cloc\u004b.example.org", "80")
    with pytest.raises(errors.Denied):
        found.check("http_client", "cloc\u212a.example.org", "80")


def test_compiled_grants_are_the_same_grants() -> None:
    facts: list[dict[str, Any]] = []
    found = grants("paranoid", given=ASKS)
    data = found.compiled()
    again = Grants.from_compiled(marshal.loads(marshal.dumps(data, 2)), facts.append)
    assert again.compiled() == data
    again.check("config_read", "token")
    assert [fact["event"] for fact in facts] == ["used"]
    with pytest.raises(errors.Damaged):
        Grants.from_compiled({**data, "format": 1})


SECRET_ASKS = [("config_read", "token"), ("config_read", "other")]


@pytest.mark.parametrize(
    ("permissions", "asks", "consents", "answers"),
    [
        # A public property and an undeclared name are the same to the host.
        (["config_read"], SECRET_ASKS, SECRET_ASKS[:1], "s3cret access-denied not-found"),
        (["config_read"], SECRET_ASKS, [], "access-denied access-denied access-denied"),
        (["config_read"], [], [], "not-found not-found not-found"),
        ([], [], [], "access-denied access-denied access-denied"),
    ],
)
def test_secrets_are_served_as_they_are_granted(
    permissions: list[str], asks: Any, consents: Any, answers: str
) -> None:
    manifest = Manifest(fields={"name": "a"}, requests=asks, permissions=permissions)
    policy = Policy(level="default", plugins={"a": PluginPolicy("", consents, ())})
    facts: list[dict[str, Any]] = []
    found = resolve(manifest, policy, profile=PI_ZERO, audit=facts.append)
    # `left` was a secret of an earlier release.
    get = Secrets({"token": "s3cret", "other": "hidden", "left": "hidden"}, found).functions["get"]
    names = ["token", "other", "left"]
    served = SimpleNamespace(function=SERVED_TO)
    ((_, first),), ((_, second),), ((_, third),) = (get(served, name) for name in names)
    assert f"{first} {second} {third}" == answers
    denied = [name for name, answer in zip(names, answers.split()) if answer != "s3cret"]
    assert [(fact["event"], fact["target"]) for fact in facts] == [("denied", name) for name in denied]
    assert get(SimpleNamespace(function="name"), "token") == (("err", "unavailable"),)


def test_messages_wait_for_those_who_are_granted_the_channel() -> None:
    for consents, expected in ((ASKS, 1), ((), 0)):
        inbound = Inbound(grants(consents=consents))
        inbound.push({"id": "1"})
        call = SimpleNamespace()
        assert inbound.functions["inbound-pending"](call) == (expected,)
        assert inbound.functions["inbound-poll"](call) == ({"id": "1"} if expected else None,)


def test_a_denial_that_can_not_be_audited_is_an_error_of_its_own() -> None:
    def fail(_: dict[str, Any]) -> None:
        raise errors.DiskFull("audit")

    found = grants("paranoid", given=ASKS, audit=fail)
    with pytest.raises(errors.DiskFull):
        found.check("config_read", "token")


def test_every_capability_that_is_not_always_there_has_a_use_that_is_tested() -> None:
    assert set(USES) == {row.name for row in CATALOGUE if row.permission and row.imports}


def test_a_runtime_refuses_what_is_not_granted(artifact: Callable[[str], Any]) -> None:
    from edge import Logging, Runtime

    path = str(artifact("channel"))
    consented = grants(asks=[("channel",)], consents=[("channel",)])
    quiet = Logging(lambda *_: None)
    assert Runtime().load(path, interfaces=[quiet, Inbound(consented)], grants=consented).name == "channel"
    # The second is what a host does that has no such interface: the grant is missing first.
    for interfaces in ([quiet, Inbound()], [quiet]):
        with pytest.raises(errors.NotGranted, match="zeroclaw:plugin/inbound@0.1.0 needs channel"):
            Runtime().load(path, interfaces=interfaces, grants=grants(asks=[("channel",)]))
    with pytest.raises(errors.MissingImport):
        Runtime().load(path, interfaces=[quiet], grants=consented)
