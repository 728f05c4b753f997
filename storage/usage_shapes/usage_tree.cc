// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/usage_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"

#include "storage/base/status_macros.h"

namespace itemized {
namespace {

namespace dom = simdjson::dom;

constexpr int kDepthMax = 8;         // Objects in objects.
constexpr size_t kPartsMax = 2'000;  // Fields and elements of one usage object.
// Longer names occur in no table. A path repeats them for each field below.
constexpr size_t kNameBytesMax = 200;

// Returns where the field `name` stands, or belongs.
template <typename Fields>
auto Place(Fields& fields, absl::string_view name) {
  return std::lower_bound(
      fields.begin(), fields.end(), name,
      [](const UsageField& field, absl::string_view wanted) { return field.name < wanted; });
}

absl::Status TooManyParts() {
  return absl::InvalidArgumentError("Its usage has too many parts.");
}

// Copies one usage object.
class Copier {
 public:
  explicit Copier(const Spellings& spellings) : spellings_(spellings) {}

  absl::StatusOr<UsageNode> Copy(JsonElement source, int depth) {
    UsageNode node;
    node.value = ValueOf(source);
    if (node.is_object()) {
      RETURN_IF_ERROR(CopyFields(ToObject(source), depth, node));
    } else if (node.is_list()) {
      RETURN_IF_ERROR(CopyItems(ToArray(source), depth, node));
    }
    return node;
  }

 private:
  // Counts one more part.
  absl::Status Take() { return ++parts_ > kPartsMax ? TooManyParts() : absl::OkStatus(); }

  static bool IsTooDeep(JsonElement element, int depth) {
    return depth > kDepthMax && (element.is_object() || element.is_array());
  }

  absl::string_view Spelling(absl::string_view name) const {
    const auto found = spellings_.find(name);
    return found == spellings_.end() ? name : absl::string_view(found->second);
  }

  absl::Status CopyFields(const dom::object& object, int depth, UsageNode& into) {
    for (const JsonField field : object) {
      RETURN_IF_ERROR(Take());
      if (field.key.size() > kNameBytesMax) {
        return absl::InvalidArgumentError("A name in its usage is too long.");
      }
      if (field.value.is_null() || IsTooDeep(field.value, depth + 1)) {
        continue;
      }
      ASSIGN_OR_RETURN(UsageNode node, Copy(field.value, depth + 1));
      into.Set(Spelling(ToView(field.key)), std::move(node));
    }
    return absl::OkStatus();
  }

  absl::Status CopyItems(const dom::array& array, int depth, UsageNode& into) {
    for (const JsonElement item : array) {
      RETURN_IF_ERROR(Take());
      if (IsTooDeep(item, depth + 1)) {
        into.items.emplace_back();
        continue;
      }
      ASSIGN_OR_RETURN(UsageNode node, Copy(item, depth + 1));
      into.items.push_back(std::move(node));
    }
    return absl::OkStatus();
  }

  const Spellings& spellings_;
  size_t parts_ = 0;
};

const UsageNode* Step(const UsageNode& node, const std::string& name) {
  if (node.is_object()) {
    return node.Find(name);
  }
  uint32_t index = 0;
  const bool is_item = node.is_list() && absl::SimpleAtoi(name, &index);
  return is_item && index < node.items.size() ? &node.items[index] : nullptr;
}

}  // namespace

const UsageNode* UsageNode::Find(absl::string_view name) const {
  const auto found = Place(fields, name);
  return found != fields.end() && found->name == name ? &found->node : nullptr;
}

void UsageNode::Set(absl::string_view name, UsageNode node) {
  const auto place = Place(fields, name);
  if (place != fields.end() && place->name == name) {
    place->node = std::move(node);
  } else {
    fields.insert(place, {name, std::move(node)});
  }
}

absl::StatusOr<UsageNode> CopyUsage(JsonElement source, const Spellings& spellings) {
  return Copier(spellings).Copy(source, 0);
}

absl::Status MergeUsage(UsageNode source, UsageNode& into) {
  for (UsageField& field : source.fields) {
    const auto place = Place(into.fields, field.name);
    if (place == into.fields.end() || place->name != field.name) {
      if (into.fields.size() >= kPartsMax) {
        return TooManyParts();
      }
      into.fields.insert(place, std::move(field));
    } else if (place->node.is_object() && field.node.is_object()) {
      RETURN_IF_ERROR(MergeUsage(std::move(field.node), place->node));
    } else {
      place->node = std::move(field.node);
    }
  }
  return absl::OkStatus();
}

JsonValue LookInUsage(const UsageNode& usage, const JsonPath& path, size_t skip) {
  const UsageNode* node = &usage;
  for (size_t i = skip; i < path.size() && node != nullptr; ++i) {
    node = Step(*node, path[i]);
  }
  return node == nullptr ? JsonValue{} : node->value;
}

}  // namespace itemized
