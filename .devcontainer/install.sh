#!/usr/bin/env bash
# Installs Python, git and the system packages that the build and the tests need; makes .venv.
set -euo pipefail

echo 'APT::Get::Assume-Yes "true";' > /etc/apt/apt.conf.d/90assume-yes
apt-get update
apt-get install git python3 python3-venv
sh -c "$(./heepstor doctor --install-command)"
