// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "server/http/pages.h"

namespace itemized::server {
namespace {

// This is "hello", compressed by gzip.
constexpr char kGzip[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00"
    "\x00\x00";

class Pages : public ::testing::Test {
 protected:
  Pages() {
    static const PageFile kFile{"/", "text/html", absl::string_view(kGzip, sizeof(kGzip) - 1)};
    AddPages({&kFile, 1}, &router_);
  }

  HttpResponse Ask(std::map<std::string, std::string> headers) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/";
    request.headers = std::move(headers);
    HttpResponse answer;
    router_.Route(std::move(request), [&](HttpResponse response) { answer = std::move(response); });
    return answer;
  }

  static std::string Header(const HttpResponse& response, const std::string& name) {
    for (const auto& [its_name, value] : response.headers) {
      if (its_name == name) {
        return value;
      }
    }
    return "";
  }

  Router router_;
};

TEST_F(Pages, AreInflatedForThoseWhoTakeNoGzip) {
  for (const char* accepted : {"", "identity", "gzip;q=0", "br"}) {
    const HttpResponse answer = Ask({{"accept-encoding", accepted}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello") << accepted;
    EXPECT_EQ(Header(answer, "Content-Encoding"), "");
    EXPECT_EQ(Header(answer, "Vary"), "Accept-Encoding");
  }
  const HttpResponse answer = Ask({{"accept-encoding", "gzip, br"}});
  EXPECT_EQ(answer.body, std::string(kGzip, sizeof(kGzip) - 1));
  EXPECT_EQ(Header(answer, "Content-Encoding"), "gzip");
}

TEST_F(Pages, AreNotSentAgainToThoseWhoHaveThem) {
  for (const char* accepted : {"gzip", "identity"}) {
    const std::string etag = Header(Ask({{"accept-encoding", accepted}}), "ETag");
    ASSERT_GT(etag.size(), 4U);
    for (const std::string& named : {etag, "W/" + etag, "\"x\", " + etag, std::string("*")}) {
      const HttpResponse answer = Ask({{"accept-encoding", accepted}, {"if-none-match", named}});
      EXPECT_EQ(answer.status, 304) << named;
      EXPECT_EQ(answer.body, "");
      EXPECT_EQ(Header(answer, "ETag"), etag);
    }
    EXPECT_EQ(Ask({{"accept-encoding", accepted}, {"if-none-match", "\"x\""}}).status, 200);
  }
  // The two forms are not the same bytes.
  EXPECT_NE(Header(Ask({{"accept-encoding", "gzip"}}), "ETag"), Header(Ask({}), "ETag"));
}

}  // namespace
}  // namespace itemized::server
