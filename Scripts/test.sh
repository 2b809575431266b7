#!/usr/bin/env bash
# Checks everything: style, a build without warnings, all tests. Needs no network once Swift's
# packages are resolved, and nothing outside the clone.
#
# usage: Scripts/test.sh [options of swift test, e.g. --filter KernelsTests]
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$root"
step() { printf '\n== %s\n' "$*"; }
fail() {
  printf '\ntest: %s\n' "$*" >&2
  exit 1
}

log=$(mktemp)
trap 'rm -f -- "$log"' EXIT

step "Setup"
Scripts/setup.sh

step "Style"
swift format lint --strict --parallel --recursive Package.swift Sources Tests ||
  fail "the style check failed; Scripts/format.sh puts right what a machine can"

step "Build (warnings are errors)"
swift build -c release --build-tests 2>&1 | tee -- "$log" || fail "the build failed"
# SwiftPM can make errors of Swift's warnings only; these are C's.
if grep -F -- "$root/" "$log" | grep -E '/(Sources|Tests)/[^:]*:[0-9:]+ warning:' >&2; then
  fail "the build has warnings"
fi

step "Tests"
if ! swift test -c release --skip-build --disable-xctest "$@" 2>&1 | tee -- "$log"; then
  printf '\nWhat failed:\n' >&2
  grep -E '^.{0,4}(Test|Suite) .* (recorded an issue|failed)|error:' -- "$log" >&2 || true
  fail "the tests failed"
fi
grep -q 'Test run with [1-9][0-9]* test' -- "$log" || fail "no test was run"
