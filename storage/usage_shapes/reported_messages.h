// SPDX-License-Identifier: Apache-2.0
#pragma once

// The messages of one report: responses, and pieces of streams merged into the responses that
// they are pieces of.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "storage/base/money.h"
#include "storage/usage_shapes/envelope.h"
#include "storage/usage_shapes/reported_usage.h"
#include "storage/usage_shapes/usage_table.h"
#include "storage/usage_shapes/usage_tree.h"

namespace itemized {

// One answer of a provider: what its pieces said, merged.
struct ReportedMessage {
  std::optional<std::string> id;
  std::optional<std::string> group;
  bool is_total = false;   // It sums up others of its group.
  bool has_begun = false;  // A response that begins a message made it.
  UsageNode usage;         // An object, or nothing as long as none was told.
  std::string provider;
  std::string service_tier;
  std::string region;
  std::optional<Picos> reported_cost;
};

// Collects the messages of one call. Not thread-safe.
class ReportedMessages {
 public:
  explicit ReportedMessages(const UsageTable& table) : table_(table) {}

  // Takes in what a response of the kind `envelope` tells. INVALID_ARGUMENT with a sentence if its
  // usage is none; what came before still counts. The response has to outlive this object.
  absl::Status Add(const Envelope& envelope, JsonElement response);

  // Whether there are more messages than a call has; nothing should be added then.
  bool is_overfull() const { return messages_.size() > kReportMessagesMax; }
  const std::vector<ReportedMessage>& messages() const { return messages_; }
  const std::string& model() const { return model_; }  // It may be empty.

 private:
  // Returns the message that a response belongs to, which may be a new one.
  ReportedMessage& MessageFor(const Envelope& envelope, const std::optional<std::string>& id);
  absl::Status Take(const Envelope& envelope, std::optional<JsonElement> body, JsonElement usage,
                    ReportedMessage& message) const;
  absl::StatusOr<UsageNode> CopyFields(const Envelope& envelope, JsonElement body) const;
  void PutBeside(const Envelope& envelope, std::optional<JsonElement> body,
                 ReportedMessage& message) const;

  const UsageTable& table_;
  std::vector<ReportedMessage> messages_;
  std::string model_;
};

}  // namespace itemized
