// SPDX-License-Identifier: Apache-2.0
#pragma once

// An envelope says where the usage and its context stand in responses of one kind.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/usage_shapes/context_rules.h"
#include "storage/usage_shapes/json_value.h"

namespace itemized {

// What rules tell, besides the usage.
enum class ContextField : uint8_t {
  kId,
  kModel,
  kGroup,
  kProvider,
  kServiceTier,
  kRegion,
  kReportedCost,
};
inline constexpr size_t kContextFieldCount = 7;

// Immutable once made.
class Envelope {
 public:
  // A count that stands outside of the usage.
  struct Beside {
    std::string path;                // Where it is put into the usage.
    JsonPath place;                  // Where it stands in the body: a value, or a list.
    std::optional<Condition> where;  // What holds of those elements of the list that count.
  };

  // `context` has the rules of envelopes that have none of their own.
  Envelope(JsonElement source, JsonElement context);

  bool IsOf(JsonElement response) const { return when_.HoldsOf(response); }

  std::optional<JsonElement> BodyOf(JsonElement response) const { return Look(response, body_); }
  // Returns the usage that stands in `body`; nothing if there is none, as in most pieces of a
  // stream. If is_of_fields(), it is the body, of which only the fields() belong to the usage.
  std::optional<JsonElement> UsageOf(std::optional<JsonElement> body) const;

  // Whether the usage is made of single fields of the body.
  bool is_of_fields() const { return !fields_.empty(); }
  const std::vector<std::string>& fields() const { return fields_; }
  // Whether such responses have usage at all.
  bool has_usage() const { return is_bare_ || is_of_fields() || !usage_.empty(); }
  // Whether the response is a message of its own, to which the pieces that follow belong.
  bool begins() const { return begins_; }
  // Whether the response sums up all messages of its group.
  bool totals() const { return totals_; }
  const std::vector<Beside>& beside() const { return beside_; }
  const std::vector<Rule>& rules(ContextField field) const {
    return rules_[static_cast<size_t>(field)];
  }

 private:
  Condition when_;
  JsonPath body_;
  std::vector<JsonPath> usage_;
  std::vector<std::string> fields_;
  bool is_bare_ = false;
  bool begins_ = false;
  bool totals_ = false;
  std::vector<Beside> beside_;
  std::array<std::vector<Rule>, kContextFieldCount> rules_;
};

}  // namespace itemized
