// SPDX-License-Identifier: Apache-2.0
#include "storage/model/event_batch.h"

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

template <typename T>
T At(absl::Span<const T> column, size_t row) {
  return column.empty() ? T{} : column[row];
}

std::string Name(const CallColumns& columns, absl::Span<const uint32_t> column, size_t row) {
  return std::string(columns.strings[At(column, row)]);
}

std::optional<Usage> UsageAt(const CallColumns& columns, size_t row) {
  if (At(columns.usage_missing, row)) {
    return std::nullopt;
  }
  Usage usage;
  for (size_t i = 0; i < kUsageClassCount; ++i) {
    usage.counts[i] = At(columns.usage[i], row);
  }
  return usage;
}

// The calls again, read as the header says that columns are to be read.
std::vector<Call> Rows(const CallColumns& columns) {
  std::vector<Call> calls(columns.size());
  size_t event_id_begin = 0;
  size_t attribute = 0;
  for (size_t row = 0; row < columns.size(); ++row) {
    Call& call = calls[row];
    const size_t event_id_size = At(columns.event_id_sizes, row);
    call.event_id = std::string(columns.event_id_data.substr(event_id_begin, event_id_size));
    event_id_begin += event_id_size;
    call.time_us = columns.base_time_us + columns.time_offset_us[row];
    call.workflow = Name(columns, columns.workflow, row);
    call.workflow_id = Name(columns, columns.workflow_id, row);
    call.step = Name(columns, columns.step, row);
    call.provider = Name(columns, columns.provider, row);
    call.model = Name(columns, columns.model, row);
    call.usage = UsageAt(columns, row);
    call.duration_us = At(columns.duration_us, row);
    call.status = static_cast<CallStatus>(At(columns.status, row));
    for (uint32_t left = At(columns.attribute_counts, row); left > 0; --left, ++attribute) {
      call.attributes.emplace_back(Name(columns, columns.attribute_keys, attribute),
                                   Name(columns, columns.attribute_values, attribute));
    }
  }
  EXPECT_EQ(event_id_begin, columns.event_id_data.size());
  EXPECT_EQ(attribute, columns.attribute_keys.size());
  return calls;
}

Call RandomCall(std::mt19937_64& random) {
  const auto maybe_name = [&random](const char* kind) {
    return random() % 4 == 0 ? std::string() : absl::StrCat(kind, random() % 5);
  };
  Call call;
  call.event_id = maybe_name("event-");
  call.time_us = static_cast<int64_t>(random());
  call.workflow = maybe_name("workflow-");
  call.workflow_id = maybe_name("a workflow id too long for the small string optimisation ");
  call.step = maybe_name("step-");
  call.provider = maybe_name("provider-");
  call.model = maybe_name("model-");
  if (random() % 3 != 0) {
    call.usage.emplace();
    call.usage->counts[random() % kUsageClassCount] = static_cast<int64_t>(random());
  }
  call.duration_us = random() % 2 == 0 ? 0 : static_cast<int64_t>(random() % 1'000'000);
  call.status = static_cast<CallStatus>(random() % 3);
  for (uint64_t left = random() % 3; left > 0; --left) {
    call.attributes.emplace_back(maybe_name("key-"), maybe_name("step-"));
  }
  return call;
}

TEST(CallColumnsBuilder, ColumnsHoldTheCallsThatWereAdded) {
  std::mt19937_64 random(5);
  for (size_t size = 0; size < 60; ++size) {
    std::vector<Call> calls;
    CallColumnsBuilder builder;
    for (size_t i = 0; i < size; ++i) {
      calls.push_back(RandomCall(random));
      builder.Add(calls.back());
    }
    EXPECT_EQ(builder.size(), size);
    EXPECT_THAT(Rows(std::move(builder).Finish()), ElementsAreArray(calls));
  }
}

TEST(CallColumnsBuilder, EveryColumnIsWholeOrEmpty) {
  std::mt19937_64 random(6);
  for (size_t size = 1; size < 20; ++size) {
    CallColumnsBuilder builder;
    for (size_t i = 0; i < size; ++i) {
      builder.Add(RandomCall(random));
    }
    const CallColumns columns = std::move(builder).Finish();
    const auto whole_or_empty = ::testing::AnyOf(size, 0u);
    EXPECT_EQ(columns.time_offset_us.size(), size);
    for (const auto& column :
         {columns.event_id_sizes, columns.workflow, columns.workflow_id, columns.step,
          columns.provider, columns.model, columns.attribute_counts}) {
      EXPECT_THAT(column.size(), whole_or_empty);
    }
    for (const auto& column : columns.usage) {
      EXPECT_THAT(column.size(), whole_or_empty);
    }
    EXPECT_THAT(columns.usage_missing.size(), whole_or_empty);
    EXPECT_THAT(columns.duration_us.size(), whole_or_empty);
    EXPECT_THAT(columns.status.size(), whole_or_empty);
  }
}

TEST(CallColumnsBuilder, ColumnsOfZerosAreLeftOut) {
  Call call;
  call.step = "planning";
  call.usage.emplace();
  (*call.usage)[UsageClass::kOutput] = 7;
  const CallColumns columns = MakeBatch({call, call}).calls;
  EXPECT_THAT(columns.event_id_sizes, IsEmpty());
  EXPECT_THAT(columns.provider, IsEmpty());
  EXPECT_THAT(columns.usage_missing, IsEmpty());
  EXPECT_THAT(columns.usage[static_cast<size_t>(UsageClass::kInput)], IsEmpty());
  EXPECT_THAT(columns.usage[static_cast<size_t>(UsageClass::kOutput)], ElementsAre(7, 7));
  EXPECT_EQ(columns.step.size(), 2u);
}

TEST(CallColumnsBuilder, TheEmptyNameIsNumberZero) {
  Call call;
  call.workflow = "support_ticket";
  const CallColumns columns = MakeBatch({call}).calls;
  EXPECT_THAT(columns.strings, ElementsAre("", "support_ticket"));
  EXPECT_THAT(columns.workflow, ElementsAre(1));
}

TEST(CallColumnsBuilder, ANameStandsOnceInTheDictionary) {
  Call call;
  call.step = "planning";
  call.model = "planning";
  call.attributes = {{"planning", "other"}};
  const CallColumns columns = MakeBatch({call, call, call}).calls;
  EXPECT_THAT(columns.strings, ::testing::UnorderedElementsAre("", "planning", "other"));
}

TEST(CallColumnsBuilder, TheColumnsOutliveTheirBuilder) {
  Call call;
  call.step = std::string(500, 's');
  CallColumns kept;
  {
    CallColumnsBuilder builder;
    builder.Add(call);
    CallColumnsBuilder moved = std::move(builder);
    kept = CallColumns(std::move(moved).Finish());
  }
  const CallColumns copy = kept;
  kept = CallColumns();
  EXPECT_THAT(Rows(copy), ElementsAre(call));
}

TEST(CallColumnsBuilderDeathTest, ASpentBuilderCannotBeUsed) {
  CallColumnsBuilder builder;
  const CallColumns columns = std::move(builder).Finish();
  EXPECT_DEATH(builder.Add(Call()), "CHECK failed");  // NOLINT(bugprone-use-after-move)
}

TEST(MakeBatch, KeepsTheCompletionsBesideTheCalls) {
  Completion completion;
  completion.workflow_id = "run-1";
  const EventBatch batch = MakeBatch({Call(), Call()}, {completion});
  EXPECT_EQ(batch.calls.size(), 2u);
  EXPECT_THAT(batch.completions, ElementsAre(completion));
  EXPECT_EQ(batch.size(), 3u);
}

TEST(MakeBatch, OfNothingIsEmpty) {
  EXPECT_EQ(MakeBatch({}).size(), 0u);
}

}  // namespace
}  // namespace itemized
