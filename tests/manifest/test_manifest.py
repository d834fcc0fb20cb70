from __future__ import annotations

import json
import marshal
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import errors, manifest
from edge.manifest.parse import parse

ROOT = Path(__file__).resolve().parent.parent.parent
LOGGING = "zeroclaw:plugin/logging@0.1.0#log-record"
SECRETS = "zeroclaw:plugin/secrets@0.1.0#get"
HTTP = "wasi:http/outgoing-handler@0.2.3#handle"

HEAD = 'name = "weather"\nversion = "1.0.0"\nwasm_path = "a.wasm"\ncapabilities = ["tool"]\n'
WHOLE = """
name = "weather"
version = "1.2.3"
description = "Tells the weather."
author = "Somebody"
wasm_path = "weather.wasm"
capabilities = ["tool", "channel"]
permissions = ["http_client", "config_read"]

[config_schema]
type = "object"
[config_schema.properties.token]
type = "string"
x-secret = true
[config_schema.properties.days]
type = "integer"
[config_schema.properties.x-secret]
type = "string"

[edge]
level = "default"
release = 7
[[edge.tools]]
name = "forecast"
risk = "low"
[edge.http]
hosts = ["api.example.org", "*.example.org:8443"]
[edge.limits]
memory = 4194304
deadline = 2.5
calls_per_minute = 6
[edge.kv]
quota_bytes = 65536
[[edge.cli]]
program = "/usr/bin/git"
arguments = ["log", "{int}"]
[edge.delegate]
tools = ["clock/now"]
[edge.check]
tool = "forecast"
arguments = '{"city": "Oslo"}'
"""
ASKS = {
    ("http_client", "api.example.org"),
    ("http_client", "*.example.org:8443"),
    ("limits", "memory", "4194304"),
    ("limits", "deadline", "2.500"),
    ("limits", "calls_per_minute", "6"),
    ("kv", "65536"),
    ("cli", "/usr/bin/git", "log", "{int}"),
    ("delegate", "clock/now"),
    ("config_read", "token"),
    ("channel",),
}


def problems(text: str, **options: Any) -> list[str]:
    """Every problem, with its line below HEAD."""
    with pytest.raises(errors.BadManifest) as caught:
        parse(HEAD + text, **options)
    return [
        f"{int(line) - HEAD.count(chr(10))}: {reason}"
        for line, reason in re.findall(r"line (\d+): (.*?)(?=; line \d|$)", caught.value.message)
    ]


def warnings(text: str, **options: Any) -> list[str]:
    """What of the same is let pass in a manifest of others."""
    found = parse(HEAD + text, strictness="foreign", **options)
    return [f"{problem.line - HEAD.count(chr(10))}: {problem.reason}" for problem in found.warnings]


def test_a_manifest_says_what_a_plugin_is_and_asks_for() -> None:
    found = parse(WHOLE)
    assert (found.name, found.version, found.level, found.release) == ("weather", "1.2.3", "default", 7)
    assert found.fields["author"] == "Somebody"
    assert (found.capabilities, found.permissions) == (("tool", "channel"), ("http_client", "config_read"))
    assert set(found.requests) == ASKS
    assert len(found.requests) == len(ASKS)
    assert found.limits == {"memory": 4194304, "deadline": 2.5, "calls_per_minute": 6}
    assert found.secrets == ("token",)
    assert json.loads(found.config_schema)["properties"]["days"] == {"type": "integer"}
    assert (found.check_tool, found.check_arguments) == ("forecast", '{"city": "Oslo"}')
    assert found.warnings == ()


def test_a_release_follows_from_the_version_unless_it_is_named() -> None:
    assert parse(HEAD).release == 1_000_000
    assert parse(HEAD + "[edge]\nrelease = 3").release == 3


@pytest.mark.parametrize("version", ["1.0.1000", "2026-01-30", "1.0.0-beta", "0.0.0"])
def test_a_version_without_a_release_is_an_error_of_ours_and_nothing_to_others(version: str) -> None:
    text = HEAD.replace("1.0.0", version)
    with pytest.raises(errors.BadManifest, match=f"line 2: no release number can be derived from {version}"):
        parse(text)
    found = parse(text, strictness="foreign")
    assert (found.release, found.warnings) == (0, ())
    assert parse(text + "[edge]\nrelease = 3").release == 3


def test_a_tool_that_is_not_named_has_the_highest_risk() -> None:
    found = parse(WHOLE)
    assert (found.tool("forecast").risk, found.tool("other").risk) == ("low", "high")


@pytest.mark.parametrize("text", [WHOLE, HEAD])
def test_a_compiled_manifest_is_the_same_manifest(text: str) -> None:
    found = parse(text)
    data = found.compiled()
    again = manifest.Manifest.from_compiled(marshal.loads(marshal.dumps(data, 2)))
    assert again.compiled() == data
    assert (again.requests, again.limits, again.tool("forecast").risk) == (
        found.requests,
        found.limits,
        found.tool("forecast").risk,
    )


def test_compiled_data_is_plain() -> None:
    def check(value: object) -> None:
        assert isinstance(value, (dict, list, str, int))
        for item in value.items() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(list(item) if isinstance(item, tuple) else item)

    check(parse(WHOLE).compiled())


def test_compiled_data_of_another_format_is_refused() -> None:
    with pytest.raises(errors.Damaged, match="format 99"):
        manifest.Manifest.from_compiled({**parse(HEAD).compiled(), "format": 99})


def test_reading_compiled_data_imports_no_parser() -> None:
    import subprocess

    code = (
        "import sys; from edge.manifest import NONE, Manifest; Manifest.from_compiled(NONE.compiled());"
        "print(*{'tomllib', 'tomli', 'json', 'edge.manifest.rules'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", ["cron-next", "sensor-digest"])
def test_the_examples_have_manifests_of_our_own_standard(name: str) -> None:
    text = (ROOT / "examples" / name / "manifest.toml").read_bytes()
    assert parse(text, imports=[LOGGING, SECRETS]).name == name


def test_all_problems_are_told_at_once_in_the_order_of_lines() -> None:
    text = '[edge]\nrelease = 0\nlevel = "loose"\n[edge.kv]\n[edge.delegate]\ntools = ["a/*", "a/b"]\n'
    found = problems(text)
    assert [int(problem.partition(":")[0]) for problem in found] == [2, 3, 4, 6]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 7", r"name must be text"),
        ('name = "Weather"', r"name must consist of a-z"),
        (f'name = "{"a" * 129}"', r"name must be 1 to 128"),
        ('name = "a-"', r"name must consist of a-z"),
        ('version = ""', r"version must be 1 to 64"),
        ('wasm_path = "../a.wasm"', r"wasm_path must be a relative path"),
        ('wasm_path = "/a.wasm"', r"wasm_path must be a relative path"),
        ('capabilities = "tool"', r"capabilities must be an array"),
        ("capabilities = [1]", r"capabilities must contain only text"),
        ("config_schema = 1", r"config_schema must be a table"),
    ],
)
def test_a_field_of_the_contract_that_is_wrong_is_an_error_for_all(text: str, expected: str) -> None:
    key = text.partition(" ")[0]
    head = "\n".join(line for line in HEAD.splitlines() if not line.startswith(f"{key} "))
    for strictness in ("own", "foreign"):
        with pytest.raises(errors.BadManifest, match=f"line 1: {expected}"):
            parse(f"{text}\n{head}", strictness=strictness)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('[[edge.tools]]\nname = "a b"\nrisk = "low"', 2, "a tool needs a name"),
        ('[[edge.tools]]\nname = "a"', 1, "the risk of `a` must be low, medium or high"),
        ('[[edge.tools]]\nname = "a"\nrisk = "none"', 3, "the risk of `a`"),
        ('edge.tools = [\n {name = "a", risk = "low"},\n {name = "a", risk = "low"}]', 3, "listed twice"),
        ('[edge.http]\nhosts = [\n"a.org",\n"*.*"]', 4, "wildcard"),
        ("[edge.http]\nhosts = [1]", 2, "a host must be text"),
        ("[edge.limits]\nmemory = true", 2, "memory must be a whole number"),
        ("[edge.limits]\nmemory = 1.5", 2, "memory must be a whole number"),
        ("[edge.limits]\ndeadline = inf", 2, "deadline must be a number"),
        ("[edge.limits]\ndeadline = 0", 2, "deadline must be a number"),
        (
            "[edge.limits]\nhost_calls = 4294967296",
            2,
            "host_calls must be a whole number from 1 up to 4294967295",
        ),
        (
            "[edge.limits]\ncalls_per_minute = 4294967296",
            2,
            "calls_per_minute must be a whole number from 1 up to 4294967295",
        ),
        (
            "[edge.limits]\nconcurrent_calls = 9007199254740992",
            2,
            "concurrent_calls must be a whole number from 1 up to 4294967295",
        ),
        ("[edge.kv]", 1, "needs quota_bytes"),
        ("[edge.kv]\nquota_bytes = -1", 2, "quota_bytes must be"),
        ('[[edge.cli]]\nprogram = "git"', 2, "absolute path"),
        ('[[edge.cli]]\narguments = ["a"]', 1, "`program` must be text"),
        ('[[edge.cli]]\nprogram = "/bin/a"\narguments = ["{x}"]', 3, "classes are"),
        ('[edge.delegate]\ntools = ["a/*"]', 2, "wildcards are not allowed"),
        ('[edge.delegate]\ntools = ["*"]', 2, "wildcards are not allowed"),
        ('[edge.delegate]\ntools = ["a"]', 2, "a target must be PLUGIN/TOOL"),
        ('[edge]\nlevel = "none"', 2, "level must be one of relaxed, default, strict, paranoid"),
        ("[edge]\nrelease = 1.0", 2, "release must be"),
        ("edge = 1", 1, "edge must be a table"),
        ("[edge.check]", 1, "[edge.check] needs `arguments`"),
        ('[edge.check]\ntool = "a"', 1, "[edge.check] needs `arguments`"),
        ("[edge.check]\narguments = {}", 2, "a JSON object as text"),
        ("[edge.check]\narguments = '[]'", 2, "the arguments must be a JSON object"),
        ("[edge.check]\narguments = '{\"a\": nan}'", 2, "must be a JSON object"),
        ("[edge.check]\narguments = '{'", 2, "must be a JSON object"),
        ("[edge.check]\ntool = ''\narguments = '{}'", 2, "the tool of a check needs a name"),
        ("[edge.check]\ntool = 7\narguments = '{}'", 2, "the tool of a check needs a name"),
        (f"[edge.check]\narguments = '{{{' ' * 70000}}}'", 2, "must not exceed 64 kB"),
        ('[config_schema]\ntype = "array"', 2, "the configuration must be an object"),
        ("[config_schema]\ndefault = 1979-05-27", 2, "JSON cannot represent this value"),
        ("[config_schema]\ndefault = nan", 2, "JSON cannot represent this value"),
        ('[config_schema.properties.a]\ntype = "integer"\nx-secret = true', 3, "a secret must be text"),
        ('[config_schema.properties.a]\ntype = "string"\nx-secret = 1', 3, "true or false"),
        (
            '[config_schema.properties.a]\ntype="object"\n[config_schema.properties.a.properties.b]\n'
            'type = "string"\nx-secret = true',
            5,
            "only on top-level properties",
        ),
    ],
)
def test_what_would_be_unsafe_to_guess_is_an_error_for_all(text: str, line: int, expected: str) -> None:
    for strictness in ("own", "foreign"):
        found = [problem for problem in problems(text, strictness=strictness) if expected in problem]
        assert found, problems(text, strictness=strictness)
        assert found[0].startswith(f"{line}: ")


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("colour = 1", 1, "unknown field `colour`"),
        ("[edge]\ncolour = 1", 2, "unknown field `edge.colour`"),
        ("[edge.check]\narguments = '{}'\nanswer = '1'", 3, "unknown field `edge.check.answer`"),
        ("[edge.limits]\nslice_fuel = 1", 2, "unknown field `edge.limits.slice_fuel`"),
        ("[edge.limits]\nfixed = true", 2, "unknown field `edge.limits.fixed`"),
        ('permissions = ["fly"]', 1, "unknown value `fly` in permissions"),
        ('permissions = ["config_read"]', 1, "config_read without [config_schema]"),
        ('permissions = [\n"file_read"]', 2, "file_read has no effect"),
        ('permissions = ["memory_write"]', 1, "memory_write has no effect"),
        ('permissions = ["http_client"]', 1, "requests every host"),
        ('[edge.http]\nhosts = ["a.org"]', 2, "hosts are listed without the permission http_client"),
        ("[edge.http]\nhosts = []", 2, "lists no hosts"),
        (
            '[config_schema.properties.a]\ntype="string"\nx-secret=true',
            1,
            "secrets are declared without the permission",
        ),
        ('publisher_key = "ab"', 1, "64 hexadecimal digits"),
        ('signature = "ab"', 1, "64 bytes in base64url"),
    ],
)
def test_what_its_author_can_mend_is_an_error_of_ours_and_a_warning_about_others(
    text: str, line: int, expected: str
) -> None:
    for found in (problems(text), warnings(text)):
        assert [problem for problem in found if expected in problem and problem.startswith(f"{line}: ")], (
            found
        )


@pytest.mark.parametrize(
    ("text", "needs", "expected"),
    [
        ('permissions = ["http_client"]\n[edge.http]\nhosts = ["a.org"]', HTTP, "does not import HTTP"),
        (
            'permissions = ["config_read"]\n[config_schema.properties.a]\ntype="string"\nx-secret=true',
            SECRETS,
            "does not import secrets",
        ),
        ("[edge.kv]\nquota_bytes = 1", "edge:host/kv@0.1.0#get", "does not import kv"),
        ('[[edge.cli]]\nprogram = "/bin/a"', "edge:host/cli@0.1.0#run", "does not import cli"),
        ('[edge.delegate]\ntools = ["a/b"]', "edge:host/delegate@0.1.0#call", "does not import delegate"),
    ],
)
def test_a_permission_without_its_import_gives_nothing(text: str, needs: str, expected: str) -> None:
    assert expected in "".join(problems(text, imports=[LOGGING]))
    assert expected in "".join(warnings(text, imports=[LOGGING]))
    assert parse(HEAD + text, imports=[LOGGING, needs]).warnings == ()
    assert parse(HEAD + text).warnings == ()


def test_a_foreign_manifest_that_names_no_hosts_asks_for_all() -> None:
    found = parse(HEAD + 'permissions = ["http_client"]', strictness="foreign")
    assert found.requests == (("http_client", "*"),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name = ", 1),
        ("a = 1\nb = [", 2),
        ("a = 1\na = 2", 2),
        (b"a = 1\nb = '\xff'", 2),
        ("a = " + "9" * 5000, 1),
        ("a = " + "[" * 20000, 1),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(text: str | bytes, line: int) -> None:
    with pytest.raises(errors.BadManifest, match=f"^m.toml has a problem: line {line}: "):
        parse(text, file="m.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# " + "x" * (1 << 20), "longer than 256 kB"),
        (
            '[[edge.cli]]\nprogram = "/bin/a"\narguments = [' + '"a", ' * 65 + "]",
            "there are too many arguments; the limit is 64",
        ),
        ("[config_schema]\ndefault = " + "[" * 40 + "]" * 40, "nested too deeply"),
    ],
)
def test_what_is_too_much_is_refused(text: str, expected: str) -> None:
    with pytest.raises(errors.BadManifest, match=expected):
        parse(HEAD + text, strictness="foreign")


@given(st.one_of(st.text(), st.binary()))
def test_any_text_is_a_manifest_or_refused(text: str | bytes) -> None:
    for strictness in ("own", "foreign"):
        with pytest.raises(errors.BadManifest, match=r"line \d+: "):
            parse(text, strictness=strictness)


VALUES = st.recursive(
    st.sampled_from(["1", "-1", "true", "''", "'a'", "'*'", "'a/b'", "nan", "1979-05-27", "1.5", "[]", "{}"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(["name", "type", "x-secret", "properties"]), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key} = {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *["name", "version", "capabilities", "permissions", "config_schema", "wasm_path", "signature"],
        *["edge.tools", "edge.http", "edge.http.hosts", "edge.limits", "edge.limits.memory", "edge.kv"],
        *["edge.kv.quota_bytes", "edge.cli", "edge.delegate", "edge.delegate.tools", "edge.level", "edge.x"],
        *["edge.release", "config_schema.properties", "config_schema.properties.a"],
    ]
)


@given(st.dictionaries(KEYS, VALUES), st.sampled_from(["own", "foreign"]))
def test_any_document_is_a_manifest_or_refused_with_lines(document: dict[str, str], strictness: str) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in document.items())
    try:
        found = parse(text, strictness=strictness, imports=[LOGGING])
    except errors.BadManifest as error:
        assert re.search(r"line \d+: ", error.message)
    else:
        assert manifest.Manifest.from_compiled(found.compiled()).compiled() == found.compiled()


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="has tomllib")
def test_without_tomli_an_old_python_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomli", None)
    with pytest.raises(errors.EnvironmentFault) as caught:
        parse(HEAD)
    assert "python3-tomli" in caught.value.remedy


@pytest.mark.parametrize("strictness", [manifest.OWN, manifest.FOREIGN])
def test_a_manifest_does_not_ask_for_more_than_anybody_reads(strictness: str) -> None:
    def text(count: int) -> str:
        hosts = ", ".join(f'"h{n}.example.org"' for n in range(count))
        return (
            'name = "pump"\nversion = "1.0.0"\ncapabilities = ["tool"]\nwasm_path = "a.wasm"\n'
            f'permissions = ["http_client"]\n[edge.http]\nhosts = [{hosts}]\n'
        )

    assert len(parse(text(500), strictness=strictness).requests) == 500
    with pytest.raises(errors.BadManifest) as caught:
        parse(text(501), strictness=strictness)
    assert "has 501 permission requests" in str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('permissions = ["http_client"]\n[edge.http]\nhosts = [{}]\n', '"h{}.example.org"'),
        ("[edge.delegate]\ntools = [{}]\n", '"a/t{}"'),
        ("[edge]\ncli = [{}]\n", '{{ program = "/b", arguments = ["{}"] }}'),
        ("[edge]\ntools = [{}]\n", '{{ name = "t{}", risk = "low" }}'),
    ],
)
def test_lists_are_bounded(text: str, found: str) -> None:
    # What is asked for is bounded to fewer things in all.
    for count, fits in ((400, True), (1025, False)):
        whole = HEAD + text.format(",".join(found.format(number) for number in range(count)))
        if fits:
            parse(whole, strictness="foreign")
        else:
            with pytest.raises(errors.BadManifest, match=f"has {count} entries; the limit is 1024"):
                parse(whole, strictness="foreign")


def test_a_byte_order_mark_at_the_head_is_none_of_the_manifest() -> None:
    assert parse(b"\xef\xbb\xbf" + HEAD.encode(), strictness="foreign").name == "weather"
