#include "server/http/router.h"

#include "absl/strings/str_cat.h"

namespace itemized::server {

void Router::Handle(absl::string_view method, absl::string_view path, HttpHandler handler) {
  handlers_[{std::string(method), std::string(path)}] = std::move(handler);
}

void Router::Route(HttpRequest request, Respond respond) const {
  const auto found = handlers_.find({request.method, request.path});
  if (found == handlers_.end()) {
    return respond(HttpError(404, "There is nothing at this path for this method."));
  }
  found->second(std::move(request), std::move(respond));
}

HttpResponse HttpError(int status, absl::string_view sentence) {
  HttpResponse response;
  response.status = status;
  response.body = absl::StrCat("{\"error\":\"", sentence, "\"}\n");
  return response;
}

}  // namespace itemized::server
