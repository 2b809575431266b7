#!/usr/bin/env bash
# The whole main job in one command: photos, pretrained weights, features, a trained head, its
# accuracy, predictions and a submission.
#
# usage: Scripts/demo.sh [options of headstart demo]
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$root"
Scripts/setup.sh --demo
swift build -c release --product headstart
exec "$(swift build -c release --show-bin-path)/headstart" demo "$@"
