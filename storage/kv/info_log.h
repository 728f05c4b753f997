// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <rocksdb/env.h>

namespace itemized {

// RocksDB's account of what it does, in the file LOG of the store; from 16 MiB on, the
// next opening begins a new one and keeps the last as LOG.old. A line that finds no room
// on the disk is lost, where RocksDB's own writer ends the process (an assertion in
// Debian's build). Thread-safe.
std::shared_ptr<rocksdb::Logger> OpenInfoLog(const std::string& directory);

}  // namespace itemized
