// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "itemized/spans/v1/kept_span.pb.h"

#include "server/otlp/open_trace.h"
#include "server/otlp/trace_notes.h"
#include "storage/model/submission.h"

namespace itemized::server {

// Where the spans of models of all traces lie in time, by process, so that one which tells of a
// call of another trace finds it. All of it is in notes as well; only what was asked for lately is
// in memory. Not thread-safe.
class ModelExtents {
 public:
  explicit ModelExtents(NoteReader read_notes) : read_notes_(std::move(read_notes)) {}

  // Takes note of the spans of a trace. What is new about them is added to `notes`. Errors are
  // those of the reader.
  absl::Status Update(const OpenTrace& trace, std::vector<Note>* notes);

  // Returns the ids of other traces that may have a span that tells of the same call as one of
  // `trace`, which was given to Update: one of two such spans is a root, their scopes differ, and
  // they lie side by side in time. They are sorted.
  absl::StatusOr<std::vector<std::string>> Beside(const OpenTrace& trace);

  // Lets go of what is in memory; with `all`, even if it is little.
  void Trim(bool all);

 private:
  using Bucket = std::pair<uint64_t, uint32_t>;  // A resource, and some seconds of its time.
  struct Extents {
    // They are sorted by start and trace id.
    absl::btree_map<std::pair<uint64_t, std::string>, spans::v1::ModelExtent> by_start;
    std::map<std::string, uint64_t> starts;  // Where each trace stands there.
    std::map<std::string, size_t> scopes;    // How many traces have each scope.
    size_t roots = 0;                        // How many have a root.
  };

  static std::map<Bucket, spans::v1::ModelExtent> ExtentsOf(const OpenTrace& trace);
  absl::StatusOr<Extents*> Find(const Bucket& bucket);
  static void Put(const std::string& trace_id, spans::v1::ModelExtent extent, Extents* extents);
  static void AddBeside(const OpenTrace& trace, const spans::v1::ModelExtent& own,
                        const Extents& extents, std::vector<std::string>* found);

  const NoteReader read_notes_;
  std::map<Bucket, Extents> buckets_;
  size_t size_ = 0;  // How many extents are in memory.
};

}  // namespace itemized::server
