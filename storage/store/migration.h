// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

#include "storage/kv/kv.h"

namespace itemized {

// Makes a store of schema version 8, which had no entries, into one of the present version, in one
// synced write: an entry that says what its rows say of names, rates, producers and first hours, and
// entries for its blocks. Tells `tell` that it begins and what it has done. On an error the store
// is as it was: DATA_LOSS if a row cannot be read, else the errors of Kv.
absl::Status MigrateFromVersion8(Kv* kv, const std::function<void(const std::string&)>& tell);

// Does the same to a store of schema version 9 or 10, whose runs had no watermark beside that of
// their outcomes.
absl::Status MigrateFromVersion10(Kv* kv);

}  // namespace itemized
