// SPDX-License-Identifier: Apache-2.0
#pragma once

// The fixture has a whole server and its HTTP API.

#include <string>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"

#include "tests/server/http/http_client.h"
#include "tests/server/server_fixture.h"

namespace itemized::server {

inline constexpr char kLine[] =
    R"({"event_id":"c-1","time":"2026-11-01T00:00:00Z","workflow":"ticket","workflow_id":"run/1",)"
    R"("step":"plan","provider":"p","model":"m","usage":{"input_tokens":1000000}})";

// Returns the body of an answer.
inline std::string BodyOf(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

class HttpApi : public ServerTest {
 protected:
  std::string Post(const std::string& path, const std::string& body,
                   const std::string& headers = "") {
    return Exchange(http_port(), absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: localhost\r\n",
                                              headers, "Connection: close\r\nContent-Length: ",
                                              body.size(), "\r\n\r\n", body));
  }
  std::string Ask(const std::string& path) { return BodyOf(Get(http_port(), path)); }
  static std::string Json(const google::protobuf::Message& message) {
    return text::ToJson(message, text::JsonLayout::kOneLine).value() + "\n";
  }
};

}  // namespace itemized::server
