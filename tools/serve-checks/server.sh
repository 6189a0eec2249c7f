# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the checks of the server share; sourced by tools/check-page and tools/check-openai, in the project's folder.
# Everything that is made lies below target/serve-checks.

name=$(basename "$0")
work=$PWD/target/serve-checks
checks=$PWD/tools/serve-checks
servers=()

fail() {
  echo "$name: $*" >&2
  exit 1
}

skip() {
  echo "$name: left out: $*"
  exit 0
}

stop_servers() {
  local server
  for server in "${servers[@]}"; do
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  done
}
trap stop_servers EXIT

# Node.js that imports the page's modules as they are.
need_node() {
  command -v node >/dev/null || skip "there is no node"
  command -v npm >/dev/null || skip "there is no npm"
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 7) || (a == 20 && b >= 19) ? 0 : 1)' ||
    skip "node $(node --version) is too old; it has to be 20.19, 22.7 or newer"
}

# Installs npm packages: NAME@VERSION …
need_packages() {
  mkdir -p "$work"
  echo '{"private": true}' >"$work/package.json.new"
  [[ -f $work/package.json ]] || mv "$work/package.json.new" "$work/package.json"
  rm -f "$work/package.json.new"
  (cd "$work" && npm install --no-audit --no-fund --ignore-scripts --save-exact "$@") >"$work/npm.log" 2>&1 ||
    skip "npm does not bring $*; the log is $work/npm.log"
}

# A small nano world, whose test new-scenes no training has shown. Sets picture to a held-out scene, and ground to its
# background's colour.
need_picture() {
  if [[ ! -f $work/world/world.json ]]; then
    tools/dsvlm data nano --train 20 --test 20 --questions 1 --out "$work/world" >"$work/world.log" 2>&1 ||
      fail "the nano world was not made; the log is $work/world.log"
  fi
  local record
  record=$(grep '"kind":"single"' "$work/world/new-scenes/labels.jsonl" | grep -m 1 '"ground":\["[a-z]*"\]') ||
    fail "the nano world has no single thing on a plain ground"
  picture=$work/world/new-scenes/images/$(sed 's/.*"image":"\([^"]*\)".*/\1/' <<<"$record")
  ground=$(sed 's/.*"ground":\["\([a-z]*\)"\].*/\1/' <<<"$record")
}

# Starts a server of the shipped model on a free port, and sets url to where it answers: start_server [OPTION…]
start_server() {
  local log=$work/server-${#servers[@]}.log
  # Before the server starts: it is read at once.
  : >"$log"
  tools/dsvlm serve --model nano --port 0 "$@" >"$log" 2>&1 &
  servers+=($!)
  # The launcher may have to build first.
  for ((i = 0; i < 6000; i++)); do
    url=$(sed -n 's/.* answers at \(http:[^ ]*\) .*/\1/p' "$log")
    [[ -z $url ]] || return 0
    kill -0 "${servers[-1]}" 2>/dev/null || fail "the server ended; its log is $log"
    sleep 0.1
  done
  fail "the server does not come up; its log is $log"
}
