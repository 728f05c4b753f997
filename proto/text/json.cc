// SPDX-License-Identifier: Apache-2.0
#include "proto/text/json.h"

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "storage/base/check.h"

namespace itemized::text {

std::string ToJson(const google::protobuf::Message& message, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == JsonLayout::kIndented;
  std::string json;
  CHECK_OK(google::protobuf::util::MessageToJsonString(message, &json, options));
  return json;
}

std::string JsonString(absl::string_view utf8) {
  google::protobuf::Value value;
  value.set_string_value(std::string(utf8));
  return ToJson(value, JsonLayout::kOneLine);
}

}  // namespace itemized::text
