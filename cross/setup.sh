#!/bin/sh
# Installs what building and testing Edge needs: Debian packages, and Python parts in .venv. Does nothing twice.
set -eu
cd "$(dirname "$0")/.."

missing=
while read -r package; do
  case $package in ''|'#'*) continue ;; esac
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done < cross/packages.txt

if [ -n "$missing" ]; then
  echo "installing Debian packages:$missing" >&2
  if [ "$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; else
    echo "not root and no sudo; run as root: apt-get install --no-install-recommends$missing" >&2
    exit 5
  fi
  $sudo apt-get update -qq
  # shellcheck disable=SC2086 # one word a package
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
fi

wanted=$(sha256sum pyproject.toml cross/setup.sh | sha256sum)
if [ "$(cat .venv/.made-of 2>/dev/null)" != "$wanted" ]; then
  echo "installing Python parts in .venv" >&2
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/python -m pip install -q --disable-pip-version-check -e '.[dev]'
  echo "$wanted" > .venv/.made-of
fi
