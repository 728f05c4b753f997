// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/host_guard.h"
#include "tests/server/captured_log.h"

namespace itemized::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

int StatusOf(const HttpGuard& guard, const std::string& method,
             std::map<std::string, std::string> headers) {
  HttpRequest request;
  request.method = method;
  request.headers = std::move(headers);
  const auto refusal = guard(request);
  return refusal == nullptr ? 200 : refusal->status;
}

TEST(HostGuard, AddressesAndLocalhostAreOurs) {
  const HttpGuard guard = MakeHostGuard({});
  for (const char* host : {"localhost", "LOCALHOST:4318", "127.0.0.1:4318", "10.1.2.3", "[::1]:80",
                           "itemized.localhost:4318"}) {
    EXPECT_EQ(StatusOf(guard, "GET", {{"host", host}}), 200) << host;
  }
}

TEST(HostGuard, OtherNamesAreRefusedUnlessTheyWereGiven) {
  const HttpGuard guard = MakeHostGuard({"Bills.example.com"});
  for (const char* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "1.2.3"}) {
    EXPECT_EQ(StatusOf(guard, "GET", {{"host", host}}), 421) << host;
  }
  EXPECT_EQ(StatusOf(guard, "GET", {{"host", "bills.example.com:443"}}), 200);
}

int StatusOfPost(std::map<std::string, std::string> headers) {
  headers["host"] = "localhost:4318";
  return StatusOf(MakeHostGuard({}), "POST", std::move(headers));
}

TEST(HostGuard, OtherOriginsMayNotChangeAnything) {
  const std::string json = "application/json";
  EXPECT_EQ(StatusOfPost({{"content-type", json},
                          {"origin", "http://localhost:4318"},
                          {"sec-fetch-site", "same-origin"}}),
            200);
  for (const char* origin : {"http://evil.example", "http://localhost:8080", "null", "",
                             "http://localhost:4318.evil", "file://localhost:4318"}) {
    EXPECT_EQ(StatusOfPost({{"content-type", json}, {"origin", origin}}), 403) << origin;
  }
  for (const char* site : {"cross-site", "same-site", "none", "x"}) {
    EXPECT_EQ(StatusOfPost({{"content-type", json},
                            {"origin", "http://localhost:4318"},
                            {"sec-fetch-site", site}}),
              403)
        << site;
  }
  // A browser that does not say its origin is not believed.
  EXPECT_EQ(StatusOfPost({{"content-type", json}, {"sec-fetch-site", "same-origin"}}), 403);
  EXPECT_EQ(
      StatusOfPost(
          {{"content-type", json}, {"sec-fetch-mode", "no-cors"}, {"sec-fetch-dest", "empty"}}),
      403);
  // The fetch of Node.js says this much; it is no browser.
  EXPECT_EQ(StatusOfPost({{"content-type", json}, {"sec-fetch-mode", "cors"}}), 200);
}

TEST(HostGuard, APageSendsJson) {
  const auto with_type = [](const char* type) {
    return StatusOfPost({{"content-type", type}, {"origin", "http://localhost:4318"}});
  };
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/x-ndjson"}) {
    EXPECT_EQ(with_type(type), 200) << type;
  }
  // A form can send these types.
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "multipart/form-data", "text/plain; application/json"}) {
    EXPECT_EQ(with_type(type), 415) << type;
  }
}

TEST(HostGuard, ProgramsSendWhatTheyLike) {
  EXPECT_EQ(StatusOfPost({}), 200);
  EXPECT_EQ(StatusOfPost({{"content-type", "application/x-www-form-urlencoded"}}),
            200);  // curl sends this.
}

TEST(HostGuard, HostsThatOnlyBeginWellAreRefused) {
  for (const char* host : {"[::1]evil", "localhost:80@evil", "[::1", "127.0.0.1:4318/"}) {
    EXPECT_EQ(StatusOf(MakeHostGuard({}), "GET", {{"host", host}}), 421) << host;
  }
}

// A page that a user has open may try a thousand times.
TEST(HostGuard, TheFirstRefusalIsToldInTheLogAndNotEachThatFollows) {
  const CapturedLog log;
  const HttpGuard guard = MakeHostGuard({});
  EXPECT_EQ(StatusOf(guard, "GET", {{"host", "localhost"}}), 200);
  EXPECT_EQ(StatusOf(guard, "GET", {{"host", "evil.example"}}), 421);
  EXPECT_EQ(StatusOf(guard, "GET", {{"host", "evil.example"}}), 421);
  EXPECT_EQ(StatusOf(guard, "POST", {{"host", "localhost"}, {"origin", "null"}}), 403);
  EXPECT_THAT(log.Lines(""),
              ElementsAre(HasSubstr("refused (1 since the last report). The newest: This server "
                                    "does not go by the name \"evil.example\"")));
}

}  // namespace
}  // namespace itemized::server
