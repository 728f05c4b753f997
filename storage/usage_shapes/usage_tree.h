// SPDX-License-Identifier: Apache-2.0
#pragma once

// A usage object that can be changed: pieces of a stream are laid over each other.

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/usage_shapes/json_value.h"

namespace itemized {

struct UsageField;

struct UsageNode {
  JsonValue value;                 // A scalar; a list or an object has the kind alone.
  std::vector<UsageField> fields;  // What an object has: by rising name, each once.
  std::vector<UsageNode> items;    // What a list has.

  bool is_object() const { return value.kind == JsonValue::Kind::kObject; }
  bool is_list() const { return value.kind == JsonValue::Kind::kList; }

  const UsageNode* Find(absl::string_view name) const;
  // Puts `node` in the place of the field `name`, or adds it.
  void Set(absl::string_view name, UsageNode node);
};

struct UsageField {
  absl::string_view name;
  UsageNode node;
};

// The names that are taken for others. They outlive what is copied with them.
using Spellings = absl::flat_hash_map<std::string, std::string>;

// Copies a value of a response. Objects in it lose what is null, and what nests too deeply.
// INVALID_ARGUMENT with a sentence if it has too many parts.
absl::StatusOr<UsageNode> CopyUsage(JsonElement source, const Spellings& spellings);

// Lays `source` over `into`, both of them objects: objects by key, lists as a whole.
// INVALID_ARGUMENT with a sentence if the result has too many parts; `into` is of no use then.
absl::Status MergeUsage(UsageNode source, UsageNode& into);

// Returns what stands at the end of `path`, whose first `skip` names are left out.
JsonValue LookInUsage(const UsageNode& usage, const JsonPath& path, size_t skip);

}  // namespace itemized
