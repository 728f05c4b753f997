// SPDX-License-Identifier: Apache-2.0
#pragma once

// `itemize import` streams the events of files in. The one form so far, NDJSON, is read by
// proto/text, which HTTP shares; a reader of another form has its place in this folder, and
// Importer picks it.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "client/cli/import_ledger.h"
#include "client/cli/session.h"

namespace itemized::cli {

struct ImportArguments {
  std::vector<std::string> files;  // "-" is standard input.
  std::string format = "native";
  bool all_refusals = false;
};

// How batches follow one another.
enum class ImportPace : uint8_t {
  kFast,  // Many are under way at once. By which calls one is judged depends on the server's load.
  // Each waits for the one before, and the first ones are small: a call is judged by all those
  // before its batch, in the same way each time.
  kInOrder,
};

// When the events of an import were, in microseconds; from > to if it has none.
struct EventSpan {
  int64_t from_us = std::numeric_limits<int64_t>::max();
  int64_t to_us = std::numeric_limits<int64_t>::min();
};

// Returns the bytes of all files, 0 if that is not known. INVALID_ARGUMENT, with a sentence, if one
// cannot be read.
absl::StatusOr<uint64_t> CheckFiles(const std::vector<std::string>& files);

// Streams files in that CheckFiles has found to have `bytes_total`. What becomes of their lines
// stands in `ledger`; a terminal sees how far it is. Ctrl-C ends it early, with
// `session.env.interrupted` set. Errors are those of Importer::Run.
absl::StatusOr<EventSpan> ReadFiles(const std::vector<std::string>& files, uint64_t bytes_total,
                                    ImportPace pace, Session& session, ImportLedger& ledger);

// Returns an exit status.
int ImportCommand(const ImportArguments& arguments, Session& session);

}  // namespace itemized::cli
