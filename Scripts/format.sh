#!/usr/bin/env bash
# Formats all Swift sources in place, as .swift-format says.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
swift format --in-place --parallel --recursive Package.swift Sources Tests
