// SPDX-License-Identifier: Apache-2.0
#pragma once

// The table of usage shapes, proto/itemized/v1/usage_shapes.json, which says what providers'
// responses look like and what their counts mean. Its grammar stands in the file itself.

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

#include "storage/usage_shapes/envelope.h"
#include "storage/usage_shapes/flat_usage.h"
#include "storage/usage_shapes/usage_shape.h"
#include "storage/usage_shapes/usage_tree.h"

namespace itemized {

// Immutable, so thread-safe.
class UsageTable {
 public:
  // Returns the table of the program, which is read when it is first asked for.
  static const UsageTable& Get();

  // Returns the kind of response that this is; null if none is known.
  const Envelope* EnvelopeOf(JsonElement response) const;
  // Returns the shape of a usage; null if none is known.
  const UsageShape* ShapeOf(const FlatUsage& flat) const;

  const std::vector<UsageShape>& shapes() const { return shapes_; }
  const std::vector<std::string>& labels() const { return labels_; }
  // Whether `text` is a label of a path of the table, such as AUDIO.
  bool IsLabel(absl::string_view text) const { return known_labels_.contains(text); }
  const Spellings& spellings() const { return spellings_; }

 private:
  explicit UsageTable(JsonElement source);

  std::vector<std::string> labels_;
  Spellings spellings_;
  std::vector<Envelope> envelopes_;
  std::vector<UsageShape> shapes_;
  absl::flat_hash_set<std::string> known_labels_;
};

}  // namespace itemized
