// SPDX-License-Identifier: Apache-2.0
#include "server/http/router.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/text/json.h"

namespace itemized::server {
namespace {

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 503;
  }
}

}  // namespace

const std::string& HttpRequest::Header(const std::string& name) const {
  static const auto* const kNone = new std::string;
  const auto found = headers.find(name);
  return found == headers.end() ? *kNone : found->second;
}

void Router::Handle(absl::string_view method, absl::string_view path, HttpHandler handler) {
  paths_[std::string(path)][std::string(method)] = std::move(handler);
}

const Router::Handlers* Router::Find(const std::string& path) const {
  const auto exact = paths_.find(path);
  if (exact != paths_.end()) {
    return &exact->second;
  }
  for (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    const auto above = paths_.find(path.substr(0, slash + 1));
    if (above != paths_.end()) {
      return &above->second;
    }
  }
  return nullptr;
}

void Router::Route(HttpRequest request, Respond respond) const {
  if (guard_) {
    if (const std::unique_ptr<HttpResponse> refusal = guard_(request); refusal != nullptr) {
      return respond(std::move(*refusal));
    }
  }
  const Handlers* handlers = Find(request.path);
  if (handlers == nullptr) {
    return respond(HttpError(404, "There is nothing at this path."));
  }
  const auto found = handlers->find(request.method);
  if (found == handlers->end()) {
    const std::string allowed =
        absl::StrJoin(*handlers, ", ", [](std::string* out, const Handlers::value_type& handler) {
          absl::StrAppend(out, handler.first);
        });
    HttpResponse response =
        HttpError(405, absl::StrCat("This path takes ", allowed, " requests only."));
    response.headers.emplace_back("Allow", allowed);
    return respond(std::move(response));
  }
  found->second(std::move(request), std::move(respond));
}

HttpResponse HttpError(int status, absl::string_view sentence) {
  HttpResponse response;
  response.status = status;
  response.body = absl::StrCat("{\"error\":", text::JsonString(sentence), "}\n");
  return response;
}

HttpResponse HttpError(const absl::Status& status) {
  HttpResponse response = HttpError(HttpStatusOf(status.code()), status.message());
  if (response.status == 429 || response.status == 503) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

}  // namespace itemized::server
