// SPDX-License-Identifier: Apache-2.0
#include "server/convert/page_token.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::HasSubstr;

RunPosition Position() {
  return {.key = {.time_us = 1'793'491'200'000'123, .event_id = "call/\u00e9?", .content = {1, 2}},
          .shown = 7};
}

TEST(PageToken, LeadsBackToThePosition) {
  for (RunPosition position : {Position(), RunPosition{}}) {
    const std::string token = ToPageToken("run", position);
    EXPECT_EQ(*ReadPageToken("run", token), position);
    EXPECT_EQ(token.find_first_of("+/=&%"), std::string::npos) << token;
  }
}

TEST(PageToken, IsRefusedIfItIsOfAnotherRunOrWasChanged) {
  const std::string token = ToPageToken("run", Position());
  EXPECT_EQ(ReadPageToken("other", token).status().code(), absl::StatusCode::kInvalidArgument);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ReadPageToken("run", changed).ok()) << i;
    EXPECT_FALSE(ReadPageToken("run", token.substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(ReadPageToken("run", token + "A").ok());
  EXPECT_FALSE(ReadPageToken("run", std::string(100'000, 'A')).ok());
}

TEST(PageToken, OfATimeThatNoCallHasIsRefused) {
  RunPosition position;
  for (const int64_t time_us : {INT64_MIN, int64_t{-1}, INT64_MAX}) {
    position.key.time_us = time_us;
    EXPECT_FALSE(ReadPageToken("run", ToPageToken("run", position)).ok()) << time_us;
  }
}

TEST(PageToken, IsPartOfTheQuestionAndOfTheAnswer) {
  RunAnswer answer;
  answer.workflow_id = "run";
  answer.call_count = 12;
  EXPECT_EQ(ToRunResponse(answer).next_page_token(), "");
  answer.next = Position();
  const pb::GetRunResponse page = ToRunResponse(answer);
  EXPECT_EQ(page.call_count(), 12);
  pb::GetRunRequest request;
  request.set_workflow_id("run");
  request.set_page_token(page.next_page_token());
  request.set_limit(3);
  const absl::StatusOr<RunQuery> query = ToRunQuery(request);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->after, Position());
  EXPECT_EQ(query->limit, 3U);
}

TEST(PageToken, ThatIsBadIsAQuestionThatIsRefused) {
  pb::GetRunRequest request;
  request.set_workflow_id("run");
  request.set_page_token("nonsense");
  EXPECT_THAT(std::string(ToRunQuery(request).status().message()), HasSubstr("page_token"));
  request.clear_page_token();
  request.set_limit(-1);
  EXPECT_EQ(ToRunQuery(request).status().code(), absl::StatusCode::kInvalidArgument);
  request.set_limit(kRunCallsMax + 1);
  EXPECT_THAT(std::string(ToRunQuery(request).status().message()), HasSubstr("next_page_token"));
  request.set_limit(0);
  EXPECT_EQ(ToRunQuery(request)->limit, static_cast<size_t>(kRunCallsMax));
}

}  // namespace
}  // namespace itemized::server
