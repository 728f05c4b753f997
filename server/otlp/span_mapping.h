// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/model/cache_accounting.h"

namespace itemized::server {

// What the operator says of spans, beyond what this folder knows of emitters: README.md shows the
// file that has it. Immutable.
class SpanMapping {
 public:
  // What is said of the spans of one instrumentation scope, or of all that begin with a name.
  struct Scope {
    std::string name;        // The "*" at its end is not in it.
    bool is_prefix = false;  // It had one.
    bool is_ignored = false;
    CacheAccounting accounting = CacheAccounting::kUnsaid;
    bool writes_for_an_hour = false;  // How long cache writes live that do not say so.
  };
  // An attribute that calls are to have, and the indices of the keys that it may come from.
  struct CallAttribute {
    std::string name;
    std::vector<size_t> keys;
  };

  SpanMapping() = default;

  // Reads TOML that stands in the file `name`. INVALID_ARGUMENT, with the name, the line and a
  // sentence that says what to mend, if it is none, or says what nothing is known of.
  static absl::StatusOr<SpanMapping> Parse(absl::string_view toml, const std::string& name);
  // Reads a file. NOT_FOUND if it cannot be read, else the errors of Parse.
  static absl::StatusOr<SpanMapping> Load(const std::string& path);

  // Returns what is said of this scope: under its whole name, else under the longest beginning of
  // it; null if nothing is.
  const Scope* FindScope(absl::string_view name) const;

  // The keys of attributes that are read for it, and where one stands among them.
  const std::vector<std::string>& keys() const { return keys_; }
  std::optional<size_t> FindKey(absl::string_view key) const;

  // Indices of the keys that may name a step, a workflow and a session; the first that a span has
  // counts.
  const std::vector<size_t>& steps() const { return steps_; }
  const std::vector<size_t>& workflows() const { return workflows_; }
  const std::vector<size_t>& sessions() const { return sessions_; }
  const std::vector<CallAttribute>& attributes() const { return attributes_; }

 private:
  friend class SpanMappingReader;

  std::vector<Scope> scopes_;
  std::vector<std::string> keys_;
  absl::flat_hash_map<std::string, size_t> by_key_;
  std::vector<size_t> steps_;
  std::vector<size_t> workflows_;
  std::vector<size_t> sessions_;
  std::vector<CallAttribute> attributes_;
};

}  // namespace itemized::server
