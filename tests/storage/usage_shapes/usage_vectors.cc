// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/usage_shapes/usage_vectors.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "simdjson.h"

#include "storage/base/check.h"

namespace itemized::testing {
namespace {

namespace dom = simdjson::dom;

dom::object ToObject(dom::element element) {
  dom::object object;
  const simdjson::error_code error = element.get(object);
  CHECK(error == simdjson::SUCCESS);
  return object;
}

dom::array ToArray(dom::element element) {
  dom::array array;
  const simdjson::error_code error = element.get(array);
  CHECK(error == simdjson::SUCCESS);
  return array;
}

std::optional<std::string> TextAt(dom::element source, const char* name) {
  std::string_view text;
  return source[name].get(text) == simdjson::SUCCESS ? std::optional(std::string(text))
                                                     : std::nullopt;
}

std::optional<Usage> UsageAt(dom::element expected) {
  std::optional<Usage> usage;
  for (const dom::key_value_pair field : ToObject(expected["usage"].value())) {
    const auto found =
        std::find_if(kUsageClasses.begin(), kUsageClasses.end(), [&](const UsageClassInfo& info) {
          return info.count == absl::string_view(field.key.data(), field.key.size());
        });
    CHECK(found != kUsageClasses.end());
    Usage& told = usage.has_value() ? *usage : usage.emplace();
    told[found->usage_class] = field.value.get_int64().value();
  }
  return usage;
}

UsageVector ToVector(dom::element source, const std::string& name) {
  UsageVector vector;
  vector.name = name;
  for (const dom::element piece : ToArray(source["call"].value())) {
    vector.pieces.push_back(simdjson::minify(piece));
  }
  const dom::element expected = source["expected"].value();
  vector.usages.push_back(UsageAt(expected));
  dom::array others;
  if (expected["also_right"].get(others) == simdjson::SUCCESS) {
    for (const dom::element other : others) {
      vector.usages.push_back(UsageAt(other));
    }
  }
  vector.provider = TextAt(expected, "provider");
  vector.service_tier = TextAt(expected, "service_tier");
  vector.region = TextAt(expected, "region");
  vector.reported_cost_usd = TextAt(expected, "reported_cost_usd");
  vector.model = TextAt(expected, "model");
  vector.shape = TextAt(expected, "shape");
  vector.told = TextAt(expected, "told");
  return vector;
}

void AddFile(const std::filesystem::path& path, std::vector<UsageVector>& vectors) {
  dom::parser parser;
  const dom::element file = parser.load(path.string()).value();
  const std::string stem = path.stem().string();
  if (!file.is_array()) {
    vectors.push_back(ToVector(file, stem));
    return;
  }
  for (const dom::element source : ToArray(file)) {
    vectors.push_back(ToVector(source, absl::StrCat(stem, ": ", *TextAt(source, "name"))));
  }
}

void AddFolder(const std::filesystem::path& folder, std::vector<UsageVector>& vectors) {
  std::set<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") {
      paths.insert(entry.path());
    }
  }
  for (const std::filesystem::path& path : paths) {
    AddFile(path, vectors);
  }
}

}  // namespace

std::vector<UsageVector> ReadUsageVectors() {
  std::vector<UsageVector> vectors;
  AddFolder(std::filesystem::path(ITEMIZED_SOURCE_DIR) / "tests/data/usage_shapes", vectors);
  if (const char* more = std::getenv("ITEMIZED_USAGE_SHAPES")) {
    AddFolder(more, vectors);
  }
  return vectors;
}

std::string InAnArray(const std::vector<std::string>& pieces) {
  return absl::StrCat("[", absl::StrJoin(pieces, ","), "]");
}

}  // namespace itemized::testing
