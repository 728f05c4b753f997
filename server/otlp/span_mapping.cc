// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_mapping.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "storage/base/nearest_words.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"
#include "storage/model/served_as.h"
#include "storage/model/value_checks.h"

namespace itemized::server {
namespace {

// Attributes that calls of spans have anyway.
constexpr absl::string_view kTakenPrefix = "otel.";
constexpr absl::string_view kTakenName = "session";

// How many attributes of calls a file may name, so that calls have room for those they have anyway.
constexpr size_t kNamedMax = 32;

absl::string_view ToView(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

// Reads the parts of a file one by one.
class SpanMappingReader {
 public:
  explicit SpanMappingReader(const std::string& name) : name_(name) {}

  absl::StatusOr<SpanMapping> Read(const toml::table& file) {
    RETURN_IF_ERROR(CheckNames(file, {"step", "workflow", "session", "attributes", "scope"}));
    for (const auto& [name, keys] :
         {std::pair("step", &mapping_.steps_), std::pair("workflow", &mapping_.workflows_),
          std::pair("session", &mapping_.sessions_)}) {
      if (const toml::node* value = file.get(name)) {
        ASSIGN_OR_RETURN(*keys, ReadKeys(*value));
      }
    }
    if (const toml::node* value = file.get("attributes")) {
      RETURN_IF_ERROR(ReadAttributes(*value));
    }
    if (const toml::node* value = file.get("scope")) {
      RETURN_IF_ERROR(ReadScopes(*value));
    }
    return std::move(mapping_);
  }

  absl::Status Mistake(const toml::source_region& where, absl::string_view sentence) const {
    return absl::InvalidArgumentError(absl::StrCat(name_, ":", where.begin.line, ": ", sentence));
  }

 private:
  absl::Status CheckNames(const toml::table& table, const std::vector<std::string>& known) const {
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        const std::vector<std::string> near = Nearest(name, known);
        return Mistake(key.source(), absl::StrCat("There is no ", Quoted(name), " here; ",
                                                  near.empty() ? "there is " : "did you mean ",
                                                  absl::StrJoin(near.empty() ? known : near, ", "),
                                                  near.empty() ? "." : "?"));
      }
    }
    return absl::OkStatus();
  }

  // The key of a span's attribute.
  absl::StatusOr<size_t> ReadKey(const toml::node& value) {
    const std::optional<std::string> key = value.value_exact<std::string>();
    if (!key.has_value() || key->empty() || key->size() > kNameBytesMax) {
      return Mistake(value.source(),
                     "This must be the key of an attribute of spans, as \"app.customer\".");
    }
    const auto [found, is_new] = mapping_.by_key_.emplace(*key, mapping_.keys_.size());
    if (is_new) {
      mapping_.keys_.push_back(*key);
    }
    return found->second;
  }

  // One key, or a list of them.
  absl::StatusOr<std::vector<size_t>> ReadKeys(const toml::node& value) {
    std::vector<size_t> keys;
    const toml::array* const list = value.as_array();
    if (list == nullptr) {
      ASSIGN_OR_RETURN(keys.emplace_back(), ReadKey(value));
      return keys;
    }
    for (const toml::node& element : *list) {
      ASSIGN_OR_RETURN(keys.emplace_back(), ReadKey(element));
    }
    return keys;
  }

  absl::Status ReadAttributes(const toml::node& value) {
    const toml::table* const table = value.as_table();
    if (table == nullptr) {
      return Mistake(value.source(), "This must be a table [attributes].");
    }
    if (table->size() > kNamedMax) {
      return Mistake(value.source(), absl::StrCat("There are ", table->size(),
                                                  " attributes; at most ", kNamedMax, " fit."));
    }
    for (const auto& [key, keys] : *table) {
      const std::string name(key.str());
      if (name == kTakenName || absl::StartsWith(name, kTakenPrefix) ||
          absl::StartsWith(name, kReservedAttributePrefix)) {
        return Mistake(key.source(), absl::StrCat("Calls have an attribute ", Quoted(name),
                                                  " already; give it another name."));
      }
      if (const auto refusal = CheckText("name", name, /*required=*/true)) {
        return Mistake(key.source(), refusal->second);
      }
      ASSIGN_OR_RETURN(std::vector<size_t> from, ReadKeys(keys));
      mapping_.attributes_.push_back({name, std::move(from)});
    }
    return absl::OkStatus();
  }

  absl::Status ReadScopes(const toml::node& value) {
    const toml::array* const scopes = value.as_array();
    if (scopes == nullptr) {
      return Mistake(value.source(), "Write [[scope]] before what is said of a scope.");
    }
    for (const toml::node& element : *scopes) {
      const toml::table* const table = element.as_table();
      if (table == nullptr) {
        return Mistake(element.source(), "Write [[scope]] before what is said of a scope.");
      }
      RETURN_IF_ERROR(ReadScope(*table));
    }
    return absl::OkStatus();
  }

  absl::Status ReadScope(const toml::table& table) {
    RETURN_IF_ERROR(CheckNames(table, {"name", "ignore", "cache", "cache_write"}));
    SpanMapping::Scope scope;
    ASSIGN_OR_RETURN(const std::optional<std::string> name, ReadText(table, "name", {}));
    if (!name.has_value() || name->empty()) {
      return Mistake(table.source(), "A scope needs a name, as name = \"my.tracer\".");
    }
    scope.is_prefix = name->back() == '*';
    scope.name = scope.is_prefix ? name->substr(0, name->size() - 1) : *name;
    if (FindSame(scope) != nullptr) {
      return Mistake(table.source(),
                     absl::StrCat("The scope ", Quoted(*name), " stands here twice."));
    }
    if (const toml::node* ignore = table.get("ignore")) {
      if (!ignore->is_boolean()) {
        return Mistake(ignore->source(), "This must be true or false.");
      }
      scope.is_ignored = ignore->as_boolean()->get();
    }
    ASSIGN_OR_RETURN(const auto cache, ReadText(table, "cache", {"inclusive", "exclusive"}));
    if (cache.has_value()) {
      scope.accounting =
          *cache == "inclusive" ? CacheAccounting::kInclusive : CacheAccounting::kExclusive;
    }
    ASSIGN_OR_RETURN(const auto writes, ReadText(table, "cache_write", {"5m", "1h"}));
    scope.writes_for_an_hour = writes == "1h";
    mapping_.scopes_.push_back(std::move(scope));
    return absl::OkStatus();
  }

  // A text, which must be one of `allowed` unless that is empty.
  absl::StatusOr<std::optional<std::string>> ReadText(const toml::table& table, const char* name,
                                                      std::initializer_list<const char*> allowed) {
    const toml::node* const value = table.get(name);
    if (value == nullptr) {
      return std::nullopt;
    }
    std::optional<std::string> text = value->value_exact<std::string>();
    const bool is_one = allowed.size() == 0 ||
                        std::any_of(allowed.begin(), allowed.end(),
                                    [&](const char* one) { return text == std::string(one); });
    if (!text.has_value() || !is_one) {
      return Mistake(value->source(),
                     allowed.size() == 0 ? "This must be a text in quotes."
                                         : absl::StrCat("This must be \"",
                                                        absl::StrJoin(allowed, "\" or \""), "\"."));
    }
    return text;
  }

  const SpanMapping::Scope* FindSame(const SpanMapping::Scope& scope) const {
    for (const SpanMapping::Scope& other : mapping_.scopes_) {
      if (other.name == scope.name && other.is_prefix == scope.is_prefix) {
        return &other;
      }
    }
    return nullptr;
  }

  const std::string& name_;
  SpanMapping mapping_;
};

absl::StatusOr<SpanMapping> SpanMapping::Parse(absl::string_view toml, const std::string& name) {
  SpanMappingReader reader(name);
  const toml::parse_result parsed = toml::parse(std::string_view(toml.data(), toml.size()));
  if (!parsed) {
    return reader.Mistake(parsed.error().source(), ToView(parsed.error().description()));
  }
  return reader.Read(parsed.table());
}

absl::StatusOr<SpanMapping> SpanMapping::Load(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("The file ", path, " cannot be read: ", std::strerror(errno), "."));
  }
  return Parse(text.str(), path);
}

const SpanMapping::Scope* SpanMapping::FindScope(absl::string_view name) const {
  const Scope* found = nullptr;
  for (const Scope& scope : scopes_) {
    if (!scope.is_prefix && scope.name == name) {
      return &scope;
    }
    if (scope.is_prefix && absl::StartsWith(name, scope.name) &&
        (found == nullptr || scope.name.size() > found->name.size())) {
      found = &scope;
    }
  }
  return found;
}

std::optional<size_t> SpanMapping::FindKey(absl::string_view key) const {
  if (by_key_.empty()) {
    return std::nullopt;
  }
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace itemized::server
