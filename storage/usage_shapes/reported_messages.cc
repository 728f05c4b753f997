// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/reported_messages.h"

#include <algorithm>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/usage_shapes/reported_cost.h"

namespace itemized {
namespace {

UsageNode WholeNumber(int64_t number) {
  UsageNode node;
  node.value.kind = JsonValue::Kind::kWhole;
  node.value.whole = number;
  return node;
}

// Whether there is anything to count.
bool IsSomething(const UsageNode& node) {
  switch (node.value.kind) {
    case JsonValue::Kind::kList:
      return !node.items.empty();
    case JsonValue::Kind::kObject:
      return !node.fields.empty();
    default:
      return node.value.truth || !node.value.text.empty() || node.value.whole != 0 ||
             node.value.kind == JsonValue::Kind::kFraction;
  }
}

int64_t CountWhere(const simdjson::dom::array& list, const Condition& where) {
  int64_t count = 0;
  for (const JsonElement item : list) {
    count += where.HoldsOf(item) ? 1 : 0;
  }
  return count;
}

void PutText(const Envelope& envelope, ContextField field, const RuleContext& context,
             std::string& text) {
  if (std::optional<std::string> said = FirstText(envelope.rules(field), context)) {
    text = *std::move(said);
  }
}

}  // namespace

absl::Status ReportedMessages::Add(const Envelope& envelope, JsonElement response) {
  const std::optional<JsonElement> body = envelope.BodyOf(response);
  const RuleContext context{.body = body};
  PutText(envelope, ContextField::kModel, context, model_);
  const std::optional<std::string> id = FirstText(envelope.rules(ContextField::kId), context);
  const std::optional<JsonElement> usage = envelope.UsageOf(body);
  if (!usage.has_value()) {
    if (envelope.begins() && !envelope.has_usage()) {
      MessageFor(envelope, id);  // What follows is told of it.
    }
    return absl::OkStatus();
  }
  const std::optional<std::string> group =
      FirstText(envelope.rules(ContextField::kGroup), {.body = response});
  if (envelope.totals()) {
    std::erase_if(messages_, [&](const ReportedMessage& message) {
      return !message.is_total && (!message.group.has_value() || message.group == group);
    });
  }
  ReportedMessage& message = MessageFor(envelope, id);
  message.has_begun = message.has_begun || envelope.begins();
  message.group = group.has_value() ? group : message.group;
  message.is_total = envelope.totals();
  return Take(envelope, body, *usage, message);
}

ReportedMessage& ReportedMessages::MessageFor(const Envelope& envelope,
                                              const std::optional<std::string>& id) {
  ReportedMessage* last = messages_.empty() ? nullptr : &messages_.back();
  if (id.has_value()) {
    const auto same =
        std::find_if(messages_.rbegin(), messages_.rend(),
                     [&](const ReportedMessage& message) { return message.id == id; });
    if (same != messages_.rend()) {
      return *same;
    }
    const bool is_unnamed = last != nullptr && !last->id.has_value() && !last->has_begun;
    if (is_unnamed && !envelope.begins()) {
      last->id = id;
      return *last;
    }
  } else if (last != nullptr && !envelope.begins()) {
    return *last;
  }
  ReportedMessage& added = messages_.emplace_back();
  added.id = id;
  return added;
}

// Copies those fields of the body that belong to the usage.
absl::StatusOr<UsageNode> ReportedMessages::CopyFields(const Envelope& envelope,
                                                       JsonElement body) const {
  UsageNode usage;
  usage.value.kind = JsonValue::Kind::kObject;
  for (const std::string& name : envelope.fields()) {
    if (const std::optional<JsonElement> field = Look(body, {name})) {
      ASSIGN_OR_RETURN(UsageNode node, CopyUsage(*field, table_.spellings()));
      const auto spelling = table_.spellings().find(name);
      usage.Set(spelling == table_.spellings().end() ? name : spelling->second, std::move(node));
    }
  }
  return usage;
}

absl::Status ReportedMessages::Take(const Envelope& envelope, std::optional<JsonElement> body,
                                    JsonElement usage, ReportedMessage& message) const {
  if (!usage.is_object()) {
    return absl::InvalidArgumentError("Its usage is no object.");
  }
  ASSIGN_OR_RETURN(UsageNode told, envelope.is_of_fields() ? CopyFields(envelope, usage)
                                                           : CopyUsage(usage, table_.spellings()));
  if (envelope.begins() || message.usage.fields.empty()) {
    message.usage = std::move(told);
  } else {
    RETURN_IF_ERROR(MergeUsage(std::move(told), message.usage));
  }
  PutBeside(envelope, body, message);
  const RuleContext context{.body = body, .usage = &message.usage};
  PutText(envelope, ContextField::kProvider, context, message.provider);
  PutText(envelope, ContextField::kServiceTier, context, message.service_tier);
  PutText(envelope, ContextField::kRegion, context, message.region);
  if (const auto cost = ReportedCost(envelope.rules(ContextField::kReportedCost), context)) {
    message.reported_cost = cost;
  }
  return absl::OkStatus();
}

// Puts what does not stand in the usage there.
void ReportedMessages::PutBeside(const Envelope& envelope, std::optional<JsonElement> body,
                                 ReportedMessage& message) const {
  for (const Envelope::Beside& beside : envelope.beside()) {
    const std::optional<JsonElement> found = Look(body, beside.place);
    if (!found.has_value()) {
      continue;
    }
    if (beside.where.has_value() && found->is_array()) {
      const int64_t count = CountWhere(ToArray(*found), *beside.where);
      if (count > 0) {
        message.usage.Set(beside.path, WholeNumber(count));
      }
      continue;
    }
    absl::StatusOr<UsageNode> node = CopyUsage(*found, table_.spellings());
    if (node.ok() && IsSomething(*node)) {
      message.usage.Set(beside.path, *std::move(node));
    }
  }
}

}  // namespace itemized
