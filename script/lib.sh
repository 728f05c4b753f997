# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of this folder; source it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
JOBS=${JOBS:-$(nproc)}
DUCKDB_VERSION=1.5.6-r.1
CHDB_VERSION=26.7.3-stable.1

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Installs those of the named Debian packages that are missing.
need_packages() {
  local missing=()
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  echo "Installing: ${missing[*]}" >&2
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

build_packages() {
  need_packages build-essential cmake ninja-build pkg-config ccache mold \
    libgrpc++-dev protobuf-compiler-grpc protobuf-compiler libprotobuf-dev libabsl-dev \
    librocksdb-dev libjemalloc-dev libzstd-dev libxxhash-dev libre2-dev libssl-dev libboost1.81-dev libspdlog-dev \
    libcli11-dev libsimdjson-dev libtomlplusplus-dev zlib1g-dev tzdata libgtest-dev libgmock-dev libbenchmark-dev &&
    need_npm
}

# Installs Debian's npm, unless there is one already.
need_npm() {
  command -v npm >/dev/null || need_packages npm
}

# Installs what the tests of the dashboard, of Python and of the metrics need besides.
test_packages() {
  need_packages chromium fonts-dejavu-core python3 python3-pip python3-pytest python3-grpcio \
    python3-fastapi python3-httpx python3-celery
  # Only the tool is taken out of the package prometheus: installing that would start a server.
  if ! command -v promtool >/dev/null && [ ! -x build/tools/usr/bin/promtool ]; then
    echo "Fetching promtool" >&2
    rm -rf build/tools && mkdir -p build/tools
    (cd build/tools && apt-get download -qq prometheus >/dev/null && dpkg -x prometheus_*.deb . &&
      rm prometheus_*.deb)
  fi
}

# Installs the databases that script/bench runs beside the server.
peer_packages() {
  # The commands are chained, since bash does not stop at an error where a caller tests for one.
  need_packages libpq-dev libsqlite3-dev postgresql-15 &&
    need_npm &&
    mkdir -p build/peers &&
    npm install --prefix build/peers --no-save --no-audit --no-fund --silent \
    "@duckdb/node-bindings-linux-x64@$DUCKDB_VERSION" "@chdb/lib-linux-x64-gnu@$CHDB_VERSION"
}

fuzz_packages() {
  build_packages
  # libclang-rt brings libFuzzer and the sanitizers, llvm brings line numbers in reports.
  need_packages clang libclang-rt-14-dev llvm
}

# Builds what users run into build/bin.
build_release() {
  build_packages
  cmake --preset release >/dev/null
  cmake --build --preset release -j "$JOBS" "$@"
}
