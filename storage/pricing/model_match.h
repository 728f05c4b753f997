// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace itemized {

// Says which model names a rate is for. It is a leaf, which compares `text` with the name, or a
// combination of other matches. A plain value; thread-safe when const.
struct ModelMatch {
  // PERSISTED: never change or reuse a number.
  enum class Kind : uint8_t {
    kEquals = 0,
    kStartsWith = 1,
    kEndsWith = 2,
    kContains = 3,
    kRegex = 4,  // RE2 syntax, found anywhere in the name.
    kAnyOf = 5,
    kAllOf = 6,
  };

  Kind kind = Kind::kEquals;
  std::string text;               // What a leaf compares with; empty in a combination.
  std::vector<ModelMatch> parts;  // What a combination combines; empty in a leaf.

  static ModelMatch Equals(absl::string_view name);

  bool Matches(absl::string_view model) const { return Specificity(model) > 0; }

  // Returns how narrowly this matches `model`: 0 if not at all, the bytes of the text for a
  // pattern, kExact for an equal name. An any-of counts as the best of its parts that match, an
  // all-of as the sum of its parts.
  static constexpr size_t kExact = size_t{1} << 32;
  size_t Specificity(absl::string_view model) const;

  // Returns one line that identifies the match: "gpt-5", "gpt-5*", "*mini", "*codex*",
  // "/^o[34]/", "any(a, b*)", "all(gpt*, *mini)". A text in which these signs
  // could be mistaken stands in double quotes.
  std::string ToString() const;

  // INVALID_ARGUMENT if a leaf is empty or over 1,000 bytes, a regex does not
  // compile or needs too much memory, a combination has no part, parts nest more than eight deep,
  // or there are more than 1,000 of them.
  absl::Status Validate() const;

  bool operator==(const ModelMatch&) const = default;
};

// A match that is asked again and again: its expressions are compiled once. Thread-safe.
class CompiledMatch {
 public:
  // `match` must be valid, and outlives this.
  explicit CompiledMatch(const ModelMatch& match);
  CompiledMatch(CompiledMatch&&) noexcept;
  ~CompiledMatch();

  // Returns what ModelMatch::Specificity does.
  size_t Specificity(absl::string_view model) const;

  // What it takes to look a name up. `searches` counts the leaves that search all through the name,
  // for a text or an expression, and `instructions` those of the compiled expressions.
  struct Effort {
    size_t leaves = 0;
    size_t searches = 0;
    size_t instructions = 0;

    void Add(const Effort& other, int sign = 1);
  };
  Effort effort() const;

 private:
  const ModelMatch* match_;
  std::vector<CompiledMatch> parts_;
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace itemized
