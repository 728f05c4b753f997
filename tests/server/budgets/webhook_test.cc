// SPDX-License-Identifier: Apache-2.0
// Where webhooks may go, how they are signed, and what becomes of one attempt.

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/budgets/webhook_post.h"
#include "server/budgets/webhook_signature.h"
#include "server/budgets/webhook_url.h"
#include "tests/server/budgets/receiver.h"

namespace itemized::server {
namespace {

using ::testing::HasSubstr;
using Outcome = PostResult::Outcome;

TEST(WebhookUrl, IsReadIntoItsParts) {
  const auto url = ParseWebhookUrl("HTTPS://Hooks.Example.com/a/b?c=d");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "hooks.example.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(url->HostHeader(), "hooks.example.com");
  const auto other = ParseWebhookUrl("http://[::1]:81?x");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->tls);
  EXPECT_EQ(other->host, "::1");
  EXPECT_EQ(other->target, "/?x");
  EXPECT_EQ(other->HostHeader(), "[::1]:81");
}

TEST(WebhookUrl, IsRefusedIfAnotherReaderCouldTakeItForAnotherHost) {
  for (const char* text : {"",
                           "ftp://h/",
                           "file:///etc/passwd",
                           "http://",
                           "http:///x",
                           "http://user@h/",
                           "http://good@evil/",
                           "http://h#f",
                           "http://h\\@evil/",
                           "http://h /",
                           "http://h\r\nX: y/",
                           "http://h:/",
                           "http://h:0/",
                           "http://h:65536/",
                           "http://h:80:90/",
                           "http://h:-1/",
                           "http://[::1/",
                           "http://[::1]x/",
                           "http://h%2e/",
                           "http://h:+80/",
                           "//h/"}) {
    EXPECT_EQ(ParseWebhookUrl(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(WebhookHosts, LetThroughWhatTheOperatorNamedAndNothingElse) {
  WebhookHosts hosts;
  ASSERT_TRUE(hosts.Allow("Hooks.example.com").ok());
  ASSERT_TRUE(hosts.Allow("127.0.0.1:9000").ok());
  ASSERT_TRUE(hosts.Allow("[::1]:9000").ok());
  EXPECT_FALSE(hosts.Allow("http://h/").ok());
  EXPECT_FALSE(hosts.Allow("").ok());
  const auto allowed = [&](const char* text) { return hosts.Check(*ParseWebhookUrl(text)).ok(); };
  EXPECT_TRUE(allowed("https://hooks.example.com/x"));
  EXPECT_TRUE(allowed("http://HOOKS.example.com/x"));
  EXPECT_TRUE(allowed("http://127.0.0.1:9000/"));
  EXPECT_TRUE(allowed("http://[::1]:9000/"));
  EXPECT_FALSE(allowed("http://hooks.example.com:8080/"));
  EXPECT_FALSE(allowed("http://hooks.example.com.evil.org/"));
  EXPECT_FALSE(allowed("http://127.0.0.1/"));
  EXPECT_FALSE(allowed("http://169.254.169.254/latest/meta-data"));
  const absl::Status refused = hosts.Check(*ParseWebhookUrl("http://10.0.0.1:81/"));
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--webhook-allow 10.0.0.1:81"));
}

// The expected value is that of Python's hmac module:
//   hmac.new(b"0123456789abcdef", b'1793491200.{"id":"x"}', "sha256").hexdigest()
TEST(WebhookSignature, IsAnHmacOfTimeAndBody) {
  EXPECT_EQ(SignWebhook("0123456789abcdef", 1'793'491'200, "{\"id\":\"x\"}"),
            "t=1793491200,v1=c72fba2176e5f31699a8536e204e98af57f5cd4c0b59bf13228b79247f6ad789");
}

TEST(WebhookSignature, NeedsASecretThatCannotBeGuessed) {
  const std::string path = testing::TempDir() + "/webhook-secret-" + std::to_string(getpid());
  std::ofstream(path) << "0123456789abcdef\n";
  EXPECT_EQ(*ReadSecret(path), "0123456789abcdef");
  std::ofstream(path) << "short\n";
  EXPECT_THAT(std::string(ReadSecret(path).status().message()), HasSubstr("at least 16"));
  EXPECT_FALSE(ReadSecret(path + "-nowhere").ok());
}

PostResult Post(
    const std::string& url, std::chrono::milliseconds timeout,
    const std::function<bool()>& is_stopping = [] { return false; }) {
  return PostWebhook(*ParseWebhookUrl(url), {{"X-A", "b"}}, "{\"a\":1}", timeout, is_stopping);
}

constexpr std::chrono::milliseconds kLong{60'000};

TEST(WebhookPost, SendsOneRequestAndTakes2xxForAnAnswer) {
  Receiver receiver([](int) { return AnswerOf(204); });
  EXPECT_EQ(Post(receiver.url(), kLong).outcome, Outcome::kTaken);
  const auto requests = receiver.Await(1);
  EXPECT_EQ(requests[0].target, "/hook?x=1");
  EXPECT_EQ(requests[0].body, "{\"a\":1}");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(requests[0].headers.at("host"), receiver.host());
  EXPECT_EQ(requests[0].headers.at("x-a"), "b");
}

TEST(WebhookPost, FollowsNoRedirect) {
  Receiver target([](int) { return AnswerOf(200); });
  Receiver receiver([&](int) { return AnswerOf(302, "Location: " + target.url() + "\r\n"); });
  const PostResult result = Post(receiver.url(), kLong);
  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_THAT(result.why, HasSubstr("redirects are not followed"));
  EXPECT_TRUE(target.requests().empty());
}

TEST(WebhookPost, TellsWhatIsFinalFromWhatIsNot) {
  for (const int status : {400, 401, 404, 410, 422}) {
    EXPECT_EQ(ResultOf(status).outcome, Outcome::kRefused) << status;
  }
  for (const int status : {100, 408, 429, 500, 502, 503, 599}) {
    EXPECT_EQ(ResultOf(status).outcome, Outcome::kFailed) << status;
  }
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(ResultOf(status).outcome, Outcome::kTaken) << status;
  }
}

TEST(WebhookPost, FailsIfNobodyAnswersOrListens) {
  Receiver hangs([](int) { return ""; });
  const PostResult late = Post(hangs.url(), std::chrono::milliseconds(100));
  EXPECT_EQ(late.outcome, Outcome::kFailed);
  EXPECT_EQ(late.why, "The receiver did not answer within 100 ms.");
  Receiver hangs_up([](int) { return Receiver::kHangUp; });
  EXPECT_EQ(Post(hangs_up.url(), kLong).outcome, Outcome::kFailed);
  Receiver garbage([](int) { return "SSH-2.0-x\r\n\r\n"; });
  EXPECT_EQ(Post(garbage.url(), kLong).outcome, Outcome::kFailed);
  Receiver endless([](int) { return "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x'); });
  EXPECT_EQ(Post(endless.url(), kLong).outcome, Outcome::kFailed);
  std::string nobody;
  {
    const Receiver gone([](int) { return ""; });
    nobody = gone.url();
  }
  EXPECT_EQ(Post(nobody, kLong).outcome, Outcome::kFailed);
}

TEST(WebhookPost, GivesUpWhenTheServerStops) {
  Receiver hangs([](int) { return ""; });
  const PostResult result = Post(hangs.url(), kLong, [&] { return !hangs.requests().empty(); });
  EXPECT_EQ(result.outcome, Outcome::kFailed);
}

TEST(WebhookPost, TrustsNobodyOverTlsWhoIsNotWhoHeSays) {
  Receiver plain([](int) { return AnswerOf(200); });
  const PostResult result = Post("https://" + plain.host() + "/", std::chrono::milliseconds(300));
  EXPECT_EQ(result.outcome, Outcome::kFailed);
  EXPECT_TRUE(plain.requests().empty());
}

}  // namespace
}  // namespace itemized::server
