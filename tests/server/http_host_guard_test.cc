// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "server/http/host_guard.h"

namespace itemized::server {
namespace {

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

TEST(HostGuard, OtherOriginsMayNotChangeAnything) {
  const HttpGuard guard = MakeHostGuard({});
  const auto post = [&](std::map<std::string, std::string> headers) {
    headers["host"] = "localhost:4318";
    return StatusOf(guard, "POST", std::move(headers));
  };
  EXPECT_EQ(post({}), 200);  // curl.
  EXPECT_EQ(post({{"origin", "http://localhost:4318"}, {"sec-fetch-site", "same-origin"}}), 200);
  EXPECT_EQ(post({{"origin", "http://evil.example"}}), 403);
  EXPECT_EQ(post({{"origin", "http://localhost:8080"}}), 403);
  EXPECT_EQ(post({{"origin", "null"}}), 403);
  EXPECT_EQ(post({{"sec-fetch-site", "cross-site"}}), 403);
}

}  // namespace
}  // namespace itemized::server
