"""Keys that are not trusted, or not for this, and what was revoked or is too old."""

from __future__ import annotations

import hashlib

from edge import errors, trust
from tests.attacks.world import (
    CODE,
    NAME,
    OTHER,
    OTHER_SEED,
    PUBLIC,
    SEED,
    TRUSTED,
    Attack,
    World,
    attack,
    sign,
)
from tests.support import packing
from tests.support.packing import PURPOSE, spelled


@attack
def another_key(world: World) -> Attack:
    return Attack(world.ours.saying(OTHER_SEED), errors.Untrusted)


@attack
def another_key_of_the_same_label(world: World) -> Attack:
    said = trust.line(PUBLIC, "office") + f"# {trust.line(OTHER, 'office')}"
    return Attack(world.ours.saying(OTHER_SEED), errors.Untrusted, said.encode())


@attack
def another_key_under_the_name_of_the_trusted_one(world: World) -> Attack:
    signature = sign(PURPOSE + world.ours.text, OTHER_SEED)
    return Attack(world.ours.signed_by(PUBLIC, signature), errors.BadSignature)


@attack
def trusted_signature_under_the_name_of_another_key(world: World) -> Attack:
    both = trust.of_keys([PUBLIC, OTHER])
    return Attack(world.ours.signed_by(OTHER, world.ours.signature), errors.BadSignature, both)


@attack
def key_for_another_plugin(world: World) -> Attack:
    return Attack(world.ours.contents, errors.OutOfScope, trust.line(PUBLIC, "", ["faults"]).encode())


@attack
def key_for_plugins_whose_names_are_longer_or_shorter(world: World) -> Attack:
    scope = ["cron", "cron-nex", "cron-next2*", "on-next", "next*"]
    return Attack(world.ours.contents, errors.OutOfScope, trust.line(PUBLIC, "", scope).encode())


def _seems_scoped(line: str) -> None:
    """A line that a reader takes for a narrower one: most of them once trusted the key for every plugin."""

    def make(world: World) -> Attack:
        said = line.format(key=PUBLIC.hex()).encode()
        return Attack(world.ours.contents, errors.OptionsError, said)

    make.__name__ = f"line_that_seems_to_say_more: {line!r}"
    attack(make)


for _line in (
    "ed25519 {key} plugin=weather",
    "ed25519 {key} Plugins=weather",
    "ed25519 {key} PLUGINS=weather",
    "ed25519 {key} plugins:weather",
    "ed25519 {key} plugins: weather",
    "ed25519 {key} plugins = weather",
    "ed25519 {key} plugins\t:weather",
    "ed25519 {key}\u00a0plugins=weather",
    "ed25519 {key} \u00a0plugins=weather",
    "ed25519 {key} \u200bplugins=weather",
    "ed25519 {key} \u2003plugins=weather",
    "ed25519 {key} plugins\uff1dweather",
    "ed25519 {key} plugins\uff1aweather",
    "ed25519 {key} plug\u00adins:weather",
    "ed25519 {key} plugns=weather",
    "ed25519 {key} plugins weather",
    "ed25519 {key} for:weather",
    "ed25519 {key} scope: weather",
    "ed25519 {key} \u0440lugins:weather",
    "ed25519 {key} scope=weather",
    "ed25519 {key} office plugins=weather",
    "ed25519 {key} office (plugin: weather)",
    "ed25519 {key} plugins=cron-* plugins=weather",
    "ed25519 {key} plugins=",
    "ed25519 {key} plugins= weather",
    "ed25519 {key} plugins=weather, cron-next",
    "ed25519 {key} plugins=WEATHER",
    "ed25519 {key} plugins=weather-",
    "ed25519 {key} plugins=-weather*",
    "ed25519 {key} plugins=*weather",
    "ed25519 {key} plugins=we*ther",
    "ed25519 {key} plugins=weather**",
    "ed25519 {key} plugins=\u0432eather",
    "ed25519 {key} plugins=" + "x" * 129,
    "ed25519 {key} office\rplugins=weather",
    "ed25519 {key} office\x00plugins=weather",
    "ed25519 {key} office\x0bplugins weather",
    "ed25519 {key} office # \u2028revoked ed25519 {key} lost",
    "ed25519 {key} office # \x85revoked ed25519 {key} lost",
    "ed25519 {key} office\n# \rrevoked ed25519 {key} lost",
    "\ufeffrevoked ed25519 {key}\ned25519 {key}",
    "ed25519 {key}\nrevoked ed25519 {key} plugins=weather",
    "ed25519 {key}\nrevoked ed25519 {key} for plugin: weather",
    "ed25519 {key}\nrevoked plugins=weather ed25519 {key}",
    "ed25519 {key}\nwasmtime +48.0.0",
):
    _seems_scoped(_line)


@attack
def key_for_one_plugin_and_a_description_without_a_name(world: World) -> Attack:
    named = {name: value for name, value in world.ours.description.items() if name not in ("name", "plugin")}
    contents = packing.head(spelled(named), SEED) + world.ours.body
    return Attack(contents, errors.OutOfScope, trust.line(PUBLIC, "", [NAME]).encode())


@attack
def key_for_one_plugin_and_a_name_that_is_a_list(world: World) -> Attack:
    said = trust.line(PUBLIC, "", [NAME]).encode()
    return Attack(world.ours.saying(name=[NAME]), errors.OutOfScope, said)


@attack
def own_name_in_the_plugin_and_another_in_the_description(world: World) -> Attack:
    """What counts is the package's name, under which it would be installed."""
    said = trust.line(PUBLIC, "", ["faults"]).encode()
    contents = world.ours.saying(plugin={"name": "faults", "version": "1"})
    return Attack(contents, errors.OutOfScope, said)


@attack
def another_plugin_than_was_asked_for(world: World) -> Attack:
    return Attack(world.faults.contents, errors.OutOfScope, TRUSTED + f"plugin {NAME}\n".encode())


@attack
def revoked_key(world: World) -> Attack:
    said = TRUSTED + f"revoked ed25519 {PUBLIC.hex()} lost\n".encode()
    return Attack(world.ours.contents, errors.Revoked, said)


@attack
def revoked_key_that_is_trusted_again(world: World) -> Attack:
    said = f"revoked ed25519 {PUBLIC.hex().upper()}\n".encode() + TRUSTED + TRUSTED
    return Attack(world.ours.contents, errors.Revoked, said)


@attack
def revoked_package(world: World) -> Attack:
    digest = hashlib.sha256(world.ours.text).hexdigest()
    return Attack(world.ours.contents, errors.Revoked, TRUSTED + f"revoked sha256 {digest}\n".encode())


@attack
def revoked_code(world: World) -> Attack:
    digest = hashlib.sha256(world.ours.files[CODE]).hexdigest()
    return Attack(world.ours.contents, errors.Revoked, TRUSTED + f"revoked sha256 {digest}\n".encode())


@attack
def revoked_code_for_another_engine(world: World) -> Attack:
    digest = hashlib.sha256(world.ours.files["code.pulley32"]).hexdigest()
    return Attack(world.ours.contents, errors.Revoked, TRUSTED + f"revoked sha256 {digest}\n".encode())


@attack
def revoked_component(world: World) -> Attack:
    digest = world.ours.description["source"]["sha256"]
    return Attack(world.ours.contents, errors.Revoked, TRUSTED + f"revoked sha256 {digest}\n".encode())


@attack
def key_only_in_a_comment(world: World) -> Attack:
    return Attack(world.ours.contents, errors.Untrusted, b"# " + TRUSTED + trust.of_keys([OTHER]))


@attack
def key_only_behind_another_one(world: World) -> Attack:
    said = trust.line(OTHER, PUBLIC.hex()) + trust.line(OTHER, f"ed25519 {PUBLIC.hex()}")
    return Attack(world.ours.contents, errors.Untrusted, said.encode())


@attack
def key_cut_off_in_the_file_of_trust(world: World) -> Attack:
    return Attack(world.ours.contents, errors.OptionsError, f"ed25519 {PUBLIC.hex()[:62]}".encode())


@attack
def nobody_is_trusted(world: World) -> Attack:
    return Attack(world.ours.contents, errors.Untrusted, b"")


@attack
def raised_release(world: World) -> Attack:
    return Attack(world.ours.unsigned(release=9_000_000), errors.BadSignature)


@attack
def changed_name(world: World) -> Attack:
    said = TRUSTED + b"plugin weather\n"
    return Attack(world.ours.unsigned(name="weather"), errors.BadSignature, said)


@attack
def changed_imports(world: World) -> Attack:
    return Attack(world.ours.unsigned(imports=[]), errors.BadSignature)


@attack
def older_compiler_than_is_taken(world: World) -> Attack:
    return Attack(world.ours.contents, errors.OldCompiler, TRUSTED + b"wasmtime 99.0.0\nwasmtime 1.0.0\n")


@attack
def compiler_of_no_version(world: World) -> Attack:
    contents = world.ours.saying(compiler={"edge": "1", "cranelift": "1", "wasmtime": "48.0.8.1"})
    return Attack(contents, errors.OldCompiler, TRUSTED + b"wasmtime 48.0.0\n")


@attack
def older_release_than_is_taken(world: World) -> Attack:
    return Attack(world.ours.contents, errors.Downgrade, TRUSTED + b"release 1000001\nrelease 5\n")


@attack
def release_that_is_no_number(world: World) -> Attack:
    contents = world.ours.saying(release="2000000")
    return Attack(contents, errors.Downgrade, TRUSTED + b"release 1000000\n")
