// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/trace_notes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

constexpr size_t kTraceIdBytes = 16;
constexpr size_t kSpanKeyBytes = 24;  // A trace id and a span id. All other keys are longer.

// Keys of runs begin with this letter and a hash of the run's id; the trace's id is behind it.
constexpr char kRunPrefix = 'r';
constexpr size_t kRunPrefixBytes = 9;

std::string PrefixOfRun(const std::string& workflow_id) {
  XXH64_canonical_t hash;
  XXH64_canonicalFromHash(&hash, XXH3_64bits(workflow_id.data(), workflow_id.size()));
  return absl::StrCat(std::string(1, kRunPrefix),
                      absl::string_view(reinterpret_cast<const char*>(hash.digest), sizeof(hash)));
}

}  // namespace

Note NoteOfSpan(const OpenTrace& trace, size_t span) {
  return {.key = absl::StrCat(trace.id(), trace[span].span_id()),
          .value = trace[span].SerializeAsString(),
          .time_us = static_cast<int64_t>(trace[span].end_unix_ns() / 1'000)};
}

Note NoteOfRun(const std::string& workflow_id, const std::string& trace_id, int64_t time_us) {
  return {.key = absl::StrCat(PrefixOfRun(workflow_id), trace_id),
          .value = workflow_id,
          .time_us = time_us};
}

absl::StatusOr<std::unique_ptr<OpenTrace>> ReadTrace(const NoteReader& read_notes,
                                                     const std::string& trace_id) {
  ASSIGN_OR_RETURN(const std::vector<Note> notes, read_notes(trace_id));
  auto trace = std::make_unique<OpenTrace>(trace_id);
  for (const Note& note : notes) {
    if (note.key.size() != kSpanKeyBytes) {
      continue;  // It is another kind of note, whose key may begin alike.
    }
    spans::v1::KeptSpan span;
    if (!span.ParseFromString(note.value)) {
      return absl::DataLossError(
          "The store is damaged: what it keeps of a span cannot be read. Restore the data "
          "directory from a backup.");
    }
    trace->Restore(std::move(span));
  }
  trace->FinishRestoring();
  return trace;
}

absl::StatusOr<std::vector<std::string>> TracesOfRun(const NoteReader& read_notes,
                                                     const std::string& workflow_id) {
  std::vector<std::string> ids;
  const std::string prefix = PrefixOfRun(workflow_id);
  ASSIGN_OR_RETURN(const std::vector<Note> notes, read_notes(prefix));
  for (const Note& note : notes) {
    if (note.key.size() == kRunPrefixBytes + kTraceIdBytes && note.value == workflow_id) {
      ids.push_back(note.key.substr(kRunPrefixBytes));
    }
  }
  const bool may_be_a_trace = workflow_id.size() == 2 * kTraceIdBytes &&
                              std::all_of(workflow_id.begin(), workflow_id.end(),
                                          [](unsigned char c) { return absl::ascii_isxdigit(c); });
  if (may_be_a_trace) {
    ids.push_back(absl::HexStringToBytes(workflow_id));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace itemized::server
