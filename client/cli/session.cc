#include "client/cli/session.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "client/cli/text.h"
#include "storage/base/check.h"

namespace itemized::cli {
namespace {

std::string ToJson(const google::protobuf::Message& message, bool whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = whitespace;
  std::string json;
  CHECK_OK(google::protobuf::util::MessageToJsonString(message, &json, options));
  return json;
}

}  // namespace

int Fail(Environment& env, absl::string_view address, const absl::Status& status) {
  const std::string message = Printable(status.message());
  *env.err << "itemize: " << (message.empty() ? status.ToString() : message);
  if (message.find(std::string(address)) == std::string::npos) {
    *env.err << " (server " << Printable(address) << ")";
  }
  *env.err << "\n";
  return kExitFailed;
}

int Fail(Session& session, const absl::Status& status) {
  return Fail(session.env, session.connection->address(), status);
}

int WrongUsage(Environment& env, absl::string_view sentence, absl::string_view command) {
  *env.err << "itemize: " << Printable(sentence) << "\n"
           << "Try `" << command << " --help`.\n";
  return kExitUsage;
}

void PrintJson(const google::protobuf::Message& message, std::ostream& out) {
  out << ToJson(message, true);
}

std::string JsonString(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(ToUtf8(text));
  return ToJson(value, false);
}

}  // namespace itemized::cli
