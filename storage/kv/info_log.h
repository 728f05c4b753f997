// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <rocksdb/env.h>

namespace itemized {

// Opens the file LOG of the store, in which RocksDB writes what it does. If the file has reached
// 16 MiB, it is renamed to LOG.old and a new one begins. A line that finds no room on the disk is
// lost; RocksDB's own writer would end the process (by an assertion in Debian's build).
// Thread-safe.
std::shared_ptr<rocksdb::Logger> OpenInfoLog(const std::string& directory);

}  // namespace itemized
