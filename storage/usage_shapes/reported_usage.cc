// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/reported_usage.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "storage/base/status_macros.h"
#include "storage/model/limits.h"
#include "storage/usage_shapes/kept_report.h"
#include "storage/usage_shapes/reported_messages.h"
#include "storage/usage_shapes/usage_table.h"

namespace itemized {
namespace {

constexpr size_t kTroublesMax = 4;
constexpr size_t kKeysShownMax = 12;
constexpr size_t kKeyBytesShownMax = 50;
constexpr size_t kPathBytesShownMax = 100;

std::string KeysShown(std::vector<absl::string_view> keys) {
  std::sort(keys.begin(), keys.end());
  keys.resize(std::min(keys.size(), kKeysShownMax));
  return absl::StrJoin(keys, ", ", [](std::string* out, absl::string_view key) {
    absl::StrAppend(out, absl::CHexEscape(key.substr(0, kKeyBytesShownMax)));
  });
}

// Returns what there is to see of something that is no response.
std::string Sight(JsonElement element) {
  if (!element.is_object()) {
    return element.is_array() ? "a list in a list" : "an element that is no object";
  }
  std::vector<absl::string_view> keys;
  for (const JsonField field : ToObject(element)) {
    keys.push_back(ToView(field.key));
  }
  return keys.empty() ? "no keys" : absl::StrCat("the keys ", KeysShown(std::move(keys)));
}

std::string Sight(const UsageNode& usage) {
  std::vector<absl::string_view> keys;
  for (const UsageField& field : usage.fields) {
    keys.push_back(field.name);
  }
  return absl::StrCat("the keys ", KeysShown(std::move(keys)));
}

// Reads one report.
class ReportReader {
 public:
  explicit ReportReader(CacheAccounting accounting)
      : accounting_(accounting), table_(UsageTable::Get()), messages_(table_) {}

  absl::StatusOr<ReportedUsage> Read(JsonElement report) {
    if (report.is_array()) {
      for (const JsonElement element : ToArray(report)) {
        AddElement(element);
      }
    } else {
      AddResponse(report);
    }
    if (messages_.is_overfull()) {
      return absl::InvalidArgumentError(
          absl::StrCat("The report has more than ", kReportMessagesMax,
                       " responses; report those of one call alone."));
    }
    TellContext();
    Derive(messages_.messages());
    RETURN_IF_ERROR(refusal_);
    result_.kept = KeptReport(messages_.messages(), accounting_, table_);
    if (result_.kept.size() > kKeptReportBytesMax) {
      result_.kept.clear();
      result_.is_too_long_to_keep = true;
    }
    return std::move(result_);
  }

  // Reads the messages of a report that was kept.
  ReadAgain Read(const std::vector<ReportedMessage>& messages) {
    Derive(messages);
    if (!refusal_.ok()) {  // What was taken once cannot be refused any more.
      return ReadAgain{.usage = {}, .is_unknown = true};
    }
    return ReadAgain{
        .usage = result_.usage,
        .is_unknown = !result_.usage.has_value() && (result_.is_unknown || result_.is_misreported)};
  }

 private:
  // Adds what a client sees at once: a response, or a list of chunks, as Vertex AI answers whoever
  // does not ask for events.
  void AddElement(JsonElement element) {
    if (!element.is_array()) {
      return AddResponse(element);
    }
    for (const JsonElement chunk : ToArray(element)) {
      AddResponse(chunk);
    }
  }

  void AddResponse(JsonElement response) {
    if (messages_.is_overfull()) {
      return;
    }
    const Envelope* envelope = table_.EnvelopeOf(response);
    if (envelope == nullptr) {
      return TellUnknown([&] { return Sight(response); });
    }
    if (const absl::Status added = messages_.Add(*envelope, response); !added.ok()) {
      result_.is_unknown = true;
      Tell("unreadable", absl::StrCat("A response could not be read. ", added.message()));
    }
  }

  void Tell(absl::string_view kind, std::string sentence) {
    if (result_.troubles.size() < kTroublesMax) {
      result_.troubles.push_back({std::string(kind), std::move(sentence)});
    }
  }
  void Tell(const UsageTrouble& trouble) { Tell(trouble.kind, trouble.sentence); }

  // Tells once of what is of no known form; a stream may have thousands of such pieces.
  template <typename Describe>
  void TellUnknown(const Describe& describe) {
    if (!std::exchange(result_.is_unknown, true)) {
      const std::string sight = describe();
      Tell(absl::StrCat("unknown ", sight),
           absl::StrCat("There is no usage of a known shape in what was reported, which has ",
                        sight, "."));
    }
  }

  void TellContext() {
    result_.model = messages_.model();
    for (const ReportedMessage& message : messages_.messages()) {
      if (!message.service_tier.empty()) {
        result_.service_tier = message.service_tier;
      }
      if (!message.region.empty()) {
        result_.region = message.region;
      }
      if (message.reported_cost.has_value()) {
        result_.reported_cost = result_.reported_cost.value_or(0) + *message.reported_cost;
      }
    }
  }

  void Derive(const std::vector<ReportedMessage>& messages) {
    for (const ReportedMessage& message : messages) {
      if (!AddMessage(message)) {
        result_.usage.reset();
        return;
      }
    }
  }

  // Returns false if there is no usage for want of this message's.
  bool AddMessage(const ReportedMessage& message) {
    const FlatUsage flat = Flatten(message.usage, table_.labels());
    if (flat.is_empty()) {
      return true;  // It has told nothing, as the first pieces of a stream do.
    }
    const UsageShape* shape = table_.ShapeOf(flat);
    if (!message.provider.empty()) {
      result_.provider = message.provider;
    } else if (shape != nullptr && !shape->provider().empty()) {
      result_.provider = shape->provider();
    }
    if (shape == nullptr) {
      result_.shape.clear();
      TellUnknown([&] { return Sight(message.usage); });
      return false;
    }
    result_.shape = shape->name();
    return AddCounts(*shape, flat);
  }

  bool AddCounts(const UsageShape& shape, const FlatUsage& flat) {
    DerivedUsage derived = shape.Derive(flat, accounting_);
    refusal_.Update(derived.refusal);
    if (!derived.fault.has_value() && derived.is_counted && !AddUp(derived.usage)) {
      derived.fault = UsageTrouble{
          absl::StrCat("misreport ", shape.name(), " sum"),
          absl::StrCat("A usage of the shape ", shape.name(),
                       " cannot be counted: the responses of one call add up to more than 2^40 "
                       "tokens. The call is recorded without usage.")};
    }
    if (derived.fault.has_value()) {
      result_.is_misreported = true;
      Tell(*derived.fault);
      return false;
    }
    TellDoubts(shape, flat, derived);
    return true;
  }

  // Returns false if a sum is more than a call can have.
  bool AddUp(const Usage& usage) {
    Usage& sum = result_.usage.has_value() ? *result_.usage : result_.usage.emplace();
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      sum.counts[c] += usage.counts[c];
    }
    return *std::max_element(sum.counts.begin(), sum.counts.end()) <= kTokensMax;
  }

  void TellDoubts(const UsageShape& shape, const FlatUsage& flat, const DerivedUsage& derived) {
    if (!shape.has_classes()) {
      Tell(absl::StrCat("no tokens ", shape.name()),
           absl::StrCat("A usage of the shape ", shape.name(),
                        " has no tokens, and there is no usage class for what it has. The call is "
                        "recorded without usage."));
    }
    if (derived.doubt.has_value()) {
      result_.is_misreported = true;
      Tell(*derived.doubt);
    }
    for (const auto& [path, number] : flat.numbers) {
      if ((number.whole != 0 || number.kind == JsonValue::Kind::kFraction) && !shape.Knows(path)) {
        const std::string shown = absl::CHexEscape(path.substr(0, kPathBytesShownMax));
        Tell(absl::StrCat("uncounted ", shape.name(), " ", shown),
             absl::StrCat("A usage of the shape ", shape.name(),
                          " has a number that is not known here, ", shown,
                          ", which is not counted."));
      }
    }
  }

  const CacheAccounting accounting_;
  absl::Status refusal_;
  const UsageTable& table_;
  ReportedMessages messages_;
  ReportedUsage result_;
};

absl::Status CheckParsed(simdjson::error_code error) {
  switch (error) {
    case simdjson::SUCCESS:
      return absl::OkStatus();
    case simdjson::DEPTH_ERROR:
      return absl::InvalidArgumentError(absl::StrCat("The report nests more than ", kReportDepthMax,
                                                     " deep; send what the provider answered."));
    case simdjson::NUMBER_ERROR:
      return absl::InvalidArgumentError(
          "The report has a number that is none in JSON, or too large; send what the provider "
          "answered.");
    default:
      return absl::InvalidArgumentError(
          "The report is not valid JSON; send what the provider answered as it stands.");
  }
}

// Parses a report, which lives as long as `parser`.
absl::StatusOr<JsonElement> Parse(absl::string_view json, simdjson::dom::parser* parser) {
  if (parser->allocate(json.size(), kReportDepthMax) != simdjson::SUCCESS) {
    return absl::ResourceExhaustedError("There is no memory to read the report.");
  }
  JsonElement report;
  RETURN_IF_ERROR(CheckParsed(parser->parse(json.data(), json.size()).get(report)));
  if (!report.is_object() && !report.is_array()) {
    return absl::InvalidArgumentError(
        "The report is neither an object nor an array; send the usage object or the response.");
  }
  return report;
}

}  // namespace

absl::StatusOr<ReportedUsage> ReadReportedUsage(absl::string_view json,
                                                CacheAccounting accounting) {
  if (json.size() > kReportBytesMax) {
    return absl::InvalidArgumentError(
        "The report is larger than 1 MiB; send its usage object alone.");
  }
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const JsonElement report, Parse(json, &parser));
  return ReportReader(accounting).Read(report);
}

absl::StatusOr<ReadAgain> ReadKeptUsage(absl::string_view kept) {
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const JsonElement report, Parse(kept, &parser));
  ASSIGN_OR_RETURN(const KeptMessages read, ReadKeptMessages(report, UsageTable::Get()));
  return ReportReader(read.accounting).Read(read.messages);
}

}  // namespace itemized
