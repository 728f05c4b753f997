// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/usage_table.h"

#include <algorithm>

#include "storage/usage_shapes/table_json.h"
#include "storage/usage_shapes/usage_shapes_json.h"

namespace itemized {

UsageTable::UsageTable(JsonElement source) : labels_(TextsAt(source, "labels")) {
  VisitFields(Member(source, "spellings"), [this](const std::string& name, JsonElement other) {
    spellings_.emplace(name, TextOf(other));
  });
  const std::optional<JsonElement> context = Member(source, "context");
  CHECK(context.has_value());
  VisitItems(Member(source, "envelopes"),
             [&](JsonElement envelope) { envelopes_.emplace_back(envelope, *context); });
  VisitItems(Member(source, "shapes"), [&](JsonElement shape) { shapes_.emplace_back(shape); });
  for (const UsageShape& shape : shapes_) {
    shape.VisitPaths([this](absl::string_view path) {
      for (size_t open = path.find('['); open != path.npos; open = path.find('[', open + 1)) {
        known_labels_.emplace(path.substr(open + 1, path.find(']', open) - open - 1));
      }
    });
  }
  CHECK(!envelopes_.empty() && !shapes_.empty());
}

const UsageTable& UsageTable::Get() {
  static const UsageTable& table = *[] {
    simdjson::dom::parser parser;
    JsonElement source;
    CHECK(parser.parse(kUsageShapesJson, kUsageShapesJsonSize).get(source) == simdjson::SUCCESS);
    return new UsageTable(source);
  }();
  return table;
}

const Envelope* UsageTable::EnvelopeOf(JsonElement response) const {
  if (!response.is_object()) {
    return nullptr;
  }
  const auto found =
      std::find_if(envelopes_.begin(), envelopes_.end(),
                   [&](const Envelope& envelope) { return envelope.IsOf(response); });
  return found == envelopes_.end() ? nullptr : &*found;
}

const UsageShape* UsageTable::ShapeOf(const FlatUsage& flat) const {
  const auto found = std::find_if(shapes_.begin(), shapes_.end(),
                                  [&](const UsageShape& shape) { return shape.Fits(flat); });
  return found == shapes_.end() ? nullptr : &*found;
}

}  // namespace itemized
