// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the rows of spans stand among the notes of the store.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/otlp/open_trace.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Returns the notes whose keys begin with `prefix`. Errors: DATA_LOSS, UNAVAILABLE.
using NoteReader = std::function<absl::StatusOr<std::vector<Note>>(absl::string_view prefix)>;

// Returns the row of a span of `trace` as it stands.
Note NoteOfSpan(const OpenTrace& trace, size_t span);

// Returns what says that a trace, by its id of 16 bytes, has calls in the run `workflow_id`. It is
// needed where the run is not named after the trace.
Note NoteOfRun(const std::string& workflow_id, const std::string& trace_id, int64_t time_us);

// Reads all that is kept of a trace; it is empty if that is nothing. Errors are those of the
// reader, and DATA_LOSS.
absl::StatusOr<std::unique_ptr<OpenTrace>> ReadTrace(const NoteReader& read_notes,
                                                     const std::string& trace_id);

// Returns the ids of the traces that have or had calls in a run, sorted. Errors are those of the
// reader.
absl::StatusOr<std::vector<std::string>> TracesOfRun(const NoteReader& read_notes,
                                                     const std::string& workflow_id);

}  // namespace itemized::server
