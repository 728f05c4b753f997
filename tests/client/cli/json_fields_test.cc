// SPDX-License-Identifier: Apache-2.0
// The names that scripts rely on in the output of --json.

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "storage/base/time.h"
#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using ::testing::IsSupersetOf;

Struct Ask(FakeServer& server, std::vector<std::string> words) {
  words.emplace_back("--json");
  const Outcome outcome = RunAt(server.address(), words);
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  Struct answer;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(outcome.out, &answer).ok())
      << outcome.out;
  return answer;
}

std::set<std::string> Names(const Struct& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.fields()) {
    names.insert(name);
  }
  return names;
}

std::vector<std::string> List(absl::string_view names) {
  return absl::StrSplit(names, ' ', absl::SkipWhitespace());
}

const Value& Field(const Struct& object, const std::string& name) {
  return object.fields().at(name);
}

const Struct& First(const Struct& object, const std::string& name) {
  return Field(object, name).list_value().values(0).struct_value();
}

// Gives every text of `message` that is empty a value, for without one it is absent.
void FillTexts(google::protobuf::Message* message) {
  const google::protobuf::Reflection& values = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = message->GetDescriptor()->field(i);
    const bool is_text = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING;
    const bool is_message = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_text && !field->is_repeated() && field->real_containing_oneof() == nullptr) {
      values.SetString(message, field, "1");
    }
    for (int j = 0; is_message && field->is_repeated() && j < values.FieldSize(*message, field);
         ++j) {
      FillTexts(values.MutableRepeatedMessage(message, field, j));
    }
    if (is_message && !field->is_repeated() && values.HasField(*message, field)) {
      FillTexts(values.MutableMessage(message, field));
    }
  }
}

TEST(Json, OfTopHasTheDocumentedNames) {
  FakeServer server;
  server.top.response.mutable_window()->set_start("2026-10-02T00:00:00Z");
  server.top.response.mutable_total()->set_calls(9'007'199'254'740'991);
  server.top.response.add_rows()->set_call_share(0.25);
  FillTexts(&server.top.response);
  const Struct top = Ask(server, {"top"});
  EXPECT_THAT(Names(Field(top, "window").struct_value()), IsSupersetOf(List("start end")));
  EXPECT_THAT(Names(Field(top, "total").struct_value()),
              IsSupersetOf(List("calls cost_usd unpriced_calls")));
  EXPECT_THAT(Names(First(top, "rows")),
              IsSupersetOf(List(
                  "key calls cost_usd call_share spend_share cumulative_spend_share mean_cost_usd "
                  "p50_cost_usd p95_cost_usd outliers threshold_usd unpriced_calls input_tokens "
                  "cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens "
                  "reasoning_tokens p50_duration_ms p95_duration_ms unsurfaced_usd")));
  EXPECT_EQ(Field(Field(top, "total").struct_value(), "calls").number_value(), 9007199254740991.0);
  EXPECT_EQ(Field(First(top, "rows"), "call_share").number_value(), 0.25);
}

TEST(Json, OfTopHasAListOfRowsAlsoWhenThereIsNone) {
  FakeServer server;
  EXPECT_EQ(Field(Ask(server, {"top"}), "rows").list_value().values_size(), 0);
}

TEST(Json, OfWorkflowsHasTheDocumentedNames) {
  FakeServer server;
  server.workflows.response.mutable_window();
  pb::WorkflowRow& row = *server.workflows.response.add_rows();
  row.set_cost_per_completed_usd("1.5");
  row.set_mean_completed_usd("1.25");
  row.set_p50_completed_usd("1");
  row.set_p95_completed_usd("2");
  row.set_mean_steps_per_completed(3.5);
  FillTexts(&server.workflows.response);
  const Struct workflows = Ask(server, {"workflows"});
  EXPECT_THAT(Names(workflows), IsSupersetOf(List("window rows")));
  EXPECT_THAT(
      Names(First(workflows, "rows")),
      IsSupersetOf(List("workflow runs completed failed short_circuited abandoned open spend_usd "
                        "cost_per_completed_usd mean_completed_usd p50_completed_usd "
                        "p95_completed_usd mean_steps_per_completed unsurfaced_usd")));
}

TEST(Json, OfShowHasTheDocumentedNames) {
  FakeServer server;
  pb::GetRunResponse& run = server.run.response;
  run.set_outcome(pb::OUTCOME_COMPLETED);
  run.add_calls()->mutable_usage()->set_input_tokens(5);
  FillTexts(&run);
  run.clear_next_page_token();
  const Struct show = Ask(server, {"show", "run-1"});
  EXPECT_EQ(server.run.request.workflow_id(), "run-1");
  EXPECT_THAT(Names(show), IsSupersetOf(List("workflow workflow_id outcome cost_usd calls")));
  EXPECT_THAT(Names(First(show, "calls")),
              IsSupersetOf(List("event_id time workflow workflow_id step provider model usage "
                                "duration_ms status attributes cost_usd is_outlier unpriced")));
}

TEST(Json, OfSeriesOutliersRatesAndInfoIsThatOfTheProtocol) {
  FakeServer server;
  server.series.response.add_points();
  server.outliers.response.add_calls()->mutable_receipt()->set_multiple(6.5);
  server.list_rates.response.add_rates()->mutable_match()->set_starts_with("gpt-5");
  server.list_rates.response.mutable_rates(0)->mutable_prices()->set_input("3");
  for (google::protobuf::Message* response : std::initializer_list<google::protobuf::Message*>{
           &server.series.response, &server.outliers.response, &server.list_rates.response,
           &server.info.response}) {
    FillTexts(response);
  }
  EXPECT_THAT(Names(First(Ask(server, {"series", "--step", "s"}), "points")),
              IsSupersetOf(List("start end calls cost_usd unpriced_calls outliers")));
  const Struct outliers = Ask(server, {"outliers"});
  EXPECT_THAT(Names(Field(First(outliers, "calls"), "receipt").struct_value()),
              IsSupersetOf(List("p50_usd sample_count threshold_usd multiple learning")));
  EXPECT_THAT(Names(First(Ask(server, {"rates", "list"}), "rates")),
              IsSupersetOf(List("provider match effective_from_unix_us prices tiers source")));
  EXPECT_THAT(Names(Ask(server, {"rates", "set", "m", "--input", "1"})),
              IsSupersetOf(List("added replaced repriced_calls")));
  EXPECT_THAT(Names(Ask(server, {"info"})),
              IsSupersetOf(List("version calls unpriced_calls runs last_block http_address")));
}

TEST(Json, OfImportHasTheDocumentedNames) {
  FakeServer server;
  const std::string file = TestFile("a\".ndjson", "{\"spet\":1}\n");
  const Outcome outcome = RunAt(server.address(), {"import", "--json", file});
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_EQ(outcome.err, "");
  Struct answer;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(outcome.out, &answer).ok());
  EXPECT_EQ(Field(answer, "accepted").number_value(), 0);
  EXPECT_EQ(Field(answer, "duplicate").number_value(), 0);
  EXPECT_EQ(Field(answer, "refused").number_value(), 1);
  const Struct& refusal = First(answer, "refusals");
  EXPECT_EQ(Field(refusal, "file").string_value(), file);
  EXPECT_EQ(Field(refusal, "line").number_value(), 1);
  EXPECT_EQ(Field(refusal, "code").string_value(), "malformed");
  EXPECT_THAT(Field(refusal, "message").string_value(), testing::HasSubstr("\"spet\""));
}

TEST(Requests, CarryTheOptions) {
  FakeServer server;
  Ask(server, {"top", "--by", "attribute:tenant", "--limit", "5", "--window", "7d"});
  EXPECT_EQ(server.top.request.by(), pb::GROUP_BY_ATTRIBUTE);
  EXPECT_EQ(server.top.request.attribute_key(), "tenant");
  EXPECT_EQ(server.top.request.limit(), 5);
  EXPECT_EQ(server.top.request.window().last_us(), 7 * kMicrosPerDay);
  Ask(server, {"top", "--by", "provider"});
  EXPECT_EQ(server.top.request.by(), pb::GROUP_BY_PROVIDER);
  EXPECT_EQ(server.top.request.window().last_us(), 30 * kMicrosPerDay);
  Ask(server, {"workflows", "--from", "2026-10-31"});
  EXPECT_EQ(server.workflows.request.window().start_unix_us(), kTestNowUs - kMicrosPerDay);
  EXPECT_EQ(server.workflows.request.window().end_unix_us(), kTestNowUs);
  Ask(server,
      {"top", "--workflow", "w", "--provider", "", "--attribute", "a=1", "--attribute", "b=2"});
  EXPECT_EQ(server.top.request.filter().workflow(), "w");
  EXPECT_TRUE(server.top.request.filter().has_provider());
  EXPECT_FALSE(server.top.request.filter().has_model());
  EXPECT_EQ(server.top.request.filter().attributes().at("b"), "2");
  Ask(server, {"series", "--step", "plan", "--every", "1h", "--tz", "Europe/Berlin"});
  EXPECT_EQ(server.series.request.filter().step(), "plan");
  EXPECT_EQ(server.series.request.every_us(), kMicrosPerHour);
  EXPECT_EQ(server.series.request.time_zone(), "Europe/Berlin");
  Ask(server, {"outliers", "--step", "plan", "--limit", "7"});
  EXPECT_EQ(server.outliers.request.filter().step(), "plan");
  EXPECT_EQ(server.outliers.request.limit(), 7);
}

}  // namespace
}  // namespace itemized::cli
