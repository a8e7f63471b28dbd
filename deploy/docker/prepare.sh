#!/usr/bin/env bash
# Makes the secrets that compose.yaml hands to the containers, in var/ beside it. What is there already stays: a payload key that
# changes makes everything stored unreadable. For trying out: the files can be read by everyone on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p var/secrets

# once <file> <command…>: writes the command's output to a file that is not there yet; nothing when the command fails.
once() {
  [[ ! -e var/$1 ]] || return 0
  "${@:2}" >"var/$1.half" && mv "var/$1.half" "var/$1"
}
random_env() { printf '%s=%s\n' "$1" "$(openssl rand -base64 "$2" | tr -d '\n')"; }
environment() {
  random_env SAMBAND_TOKEN_KEY 32
  # In an address, where base64 would need escapes.
  printf 'POSTGRES_PASSWORD=%s\n' "$(openssl rand -hex 24)"
  printf 'SAMBAND_S3_KEY=samband\nSAMBAND_S3_SECRET=%s\n' "$(openssl rand -hex 24)"
}

once .env environment
once secrets/payload-key openssl rand -base64 32
once secrets/hmac-key openssl rand -base64 32
once secrets/sak-hemmelighet openssl rand -hex 24
once secrets/drift-hemmelighet openssl rand -hex 24
once secrets/svarut-passord printf passord # what the simulator knows
once secrets/arkiv-passord printf arkivar-passord
once secrets/maskinporten.pem openssl genrsa 2048
once secrets/maskinporten.pub openssl pkey -in var/secrets/maskinporten.pem -pubout
chmod 0444 var/secrets/*
echo "Made. The case-archive system is sak-prove with the secret in var/secrets/sak-hemmelighet."
