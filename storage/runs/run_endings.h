// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "storage/catalog/catalog.h"
#include "storage/model/call.h"
#include "storage/runs/run_hash.h"

namespace itemized {

// What of a run's end decides whether a user got anything of its calls.
struct RunEnding {
  Outcome outcome = Outcome::kOpen;
  std::vector<NameId> unused_steps;  // Those of its calls, sorted.

  // Whether the run is open or completed, and no step is unused.
  bool is_plain() const {
    return unused_steps.empty() && (outcome == Outcome::kOpen || outcome == Outcome::kCompleted);
  }
  bool operator==(const RunEnding&) const = default;
  bool operator<(const RunEnding& other) const {
    return std::tie(outcome, unused_steps) < std::tie(other.outcome, other.unused_steps);
  }
};

// The endings of all runs but plain ones, so that a scan of the log need not read runs. It is kept
// in memory only, and takes about 40 bytes a run. Not thread-safe, but for the making and ending of
// views.
class RunEndings {
 public:
  // The endings as they were when the view was made, whatever is set later: what a long scan asks,
  // which lets commits go on. While there is one, the endings remember what they replace. They
  // outlive it, and Find needs the same lock as they do.
  class View {
   public:
    // It answers as RunEndings::Find does.
    const RunEnding* Find(const RunHash& run) const;

   private:
    friend class RunEndings;
    explicit View(const RunEndings& endings)
        : endings_(endings), version_(endings.version_), pin_(endings.pin_) {}

    const RunEndings& endings_;
    const uint64_t version_;
    const std::shared_ptr<const void> pin_;
  };

  RunEndings() = default;
  RunEndings(const RunEndings&) = delete;
  RunEndings& operator=(const RunEndings&) = delete;

  // Sets the ending of a run; one with a plain ending is forgotten.
  void Set(absl::string_view workflow_id, const RunEnding& ending);

  // Returns the ending of a run; null if it is plain, or the run is not known. It is valid as long
  // as these.
  const RunEnding* Find(const RunHash& run) const;

  // Returns a view of the endings as they are now.
  View Now() const { return View(*this); }

  size_t size() const { return runs_.size(); }

 private:
  // What a run had before the endings became `version`.
  struct Change {
    uint64_t version = 0;
    const RunEnding* before = nullptr;
  };

  std::set<RunEnding> endings_;  // Every ending that ever was, once: there are few.
  absl::flat_hash_map<RunHash, const RunEnding*, RunHashHash> runs_;
  uint64_t version_ = 0;  // Rises with each change.
  absl::flat_hash_map<RunHash, std::vector<Change>, RunHashHash> changes_;  // Sorted by version.
  std::shared_ptr<const void> pin_ = std::make_shared<char>();  // Each view has it, too.
};

}  // namespace itemized
