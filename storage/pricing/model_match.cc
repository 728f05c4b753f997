// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/model_match.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "re2/re2.h"

#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized {
namespace {

constexpr size_t kTextBytesMax = 1'000;
constexpr int kDepthMax = 8;
constexpr size_t kPartsMax = 1'000;

// The memory that one expression may take, compiled and while it is matched. There may be many.
constexpr int64_t kRegexBytesMax = 128 << 10;

RE2::Options QuietOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexBytesMax);
  return options;
}

re2::StringPiece Piece(absl::string_view text) {
  return {text.data(), text.size()};
}

bool IsCombination(ModelMatch::Kind kind) {
  return kind == ModelMatch::Kind::kAnyOf || kind == ModelMatch::Kind::kAllOf;
}

bool TextMatches(const ModelMatch& leaf, absl::string_view model) {
  switch (leaf.kind) {
    case ModelMatch::Kind::kEquals:
      return model == leaf.text;
    case ModelMatch::Kind::kStartsWith:
      return absl::StartsWith(model, leaf.text);
    case ModelMatch::Kind::kEndsWith:
      return absl::EndsWith(model, leaf.text);
    case ModelMatch::Kind::kContains:
      return absl::StrContains(model, leaf.text);
    case ModelMatch::Kind::kRegex:
    case ModelMatch::Kind::kAnyOf:
    case ModelMatch::Kind::kAllOf:
      break;
  }
  CHECK(false && "neither an expression nor a combination compares a text");
  return false;
}

size_t AnySpecificity(const std::vector<CompiledMatch>& parts, absl::string_view model) {
  size_t best = 0;
  for (const CompiledMatch& part : parts) {
    best = std::max(best, part.Specificity(model));
  }
  return best;
}

size_t AllSpecificity(const std::vector<CompiledMatch>& parts, absl::string_view model) {
  size_t sum = 0;
  for (const CompiledMatch& part : parts) {
    const size_t one = part.Specificity(model);
    if (one == 0) {
      return 0;
    }
    sum = std::min(sum + one, ModelMatch::kExact);
  }
  return sum;
}

std::string Quote(absl::string_view text) {
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

std::string Shown(absl::string_view text) {
  const bool plain = !text.empty() && text.front() != '/' && !HasControl(text) &&
                     text.find_first_of("*,()\"\\ ") == absl::string_view::npos;
  return plain ? std::string(text) : Quote(text);
}

std::string ShownRegex(absl::string_view text) {
  const bool plain = !HasControl(text) && text.find_first_of("/\"") == absl::string_view::npos;
  return absl::StrCat("/", plain ? std::string(text) : Quote(text), "/");
}

std::string ShownParts(const std::vector<ModelMatch>& parts) {
  return absl::StrJoin(parts, ", ", [](std::string* out, const ModelMatch& part) {
    absl::StrAppend(out, part.ToString());
  });
}

absl::Status ValidateRegex(const std::string& text) {
  const RE2 regex(text, QuietOptions());
  if (!regex.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The regex ", ShownRegex(text),
                     " of a model match is not valid RE2 syntax: ", regex.error(), "."));
  }
  return absl::OkStatus();
}

absl::Status ValidateLeaf(const ModelMatch& leaf) {
  if (leaf.text.empty()) {
    return absl::InvalidArgumentError(
        "A model match has an empty text; give the name or pattern it compares with.");
  }
  if (leaf.text.size() > kTextBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("A model match has a text of ", leaf.text.size(),
                                                   " bytes; give at most ", kTextBytesMax, "."));
  }
  if (!leaf.parts.empty()) {
    return absl::InvalidArgumentError(
        "A model match that compares a text has parts; use any_of or all_of to combine matches.");
  }
  return leaf.kind == ModelMatch::Kind::kRegex ? ValidateRegex(leaf.text) : absl::OkStatus();
}

absl::Status ValidateNested(const ModelMatch& match, int depth, size_t& parts_seen) {
  if (!IsCombination(match.kind)) {
    return ValidateLeaf(match);
  }
  if (match.parts.empty() || !match.text.empty()) {
    return absl::InvalidArgumentError(
        "An any_of or all_of model match needs at least one part and no text of its own.");
  }
  if (depth == kDepthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("A model match nests more than ", kDepthMax, " deep; write it flatter."));
  }
  parts_seen += match.parts.size();
  if (parts_seen > kPartsMax) {
    return absl::InvalidArgumentError(absl::StrCat("A model match has more than ", kPartsMax,
                                                   " parts; split it into several rates."));
  }
  for (const ModelMatch& part : match.parts) {
    RETURN_IF_ERROR(ValidateNested(part, depth + 1, parts_seen));
  }
  return absl::OkStatus();
}

}  // namespace

ModelMatch ModelMatch::Equals(absl::string_view name) {
  ModelMatch match;
  match.text = std::string(name);
  return match;
}

size_t ModelMatch::Specificity(absl::string_view model) const {
  return CompiledMatch(*this).Specificity(model);
}

CompiledMatch::CompiledMatch(const ModelMatch& match) : match_(&match) {
  if (match.kind == ModelMatch::Kind::kRegex) {
    regex_ = std::make_unique<RE2>(Piece(match.text), QuietOptions());
  }
  parts_.reserve(match.parts.size());
  for (const ModelMatch& part : match.parts) {
    parts_.emplace_back(part);
  }
}

CompiledMatch::CompiledMatch(CompiledMatch&&) noexcept = default;
CompiledMatch::~CompiledMatch() = default;

size_t CompiledMatch::Specificity(absl::string_view model) const {
  if (match_->kind == ModelMatch::Kind::kAnyOf) {
    return AnySpecificity(parts_, model);
  }
  if (match_->kind == ModelMatch::Kind::kAllOf) {
    return AllSpecificity(parts_, model);
  }
  const bool matches =
      regex_ != nullptr ? RE2::PartialMatch(Piece(model), *regex_) : TextMatches(*match_, model);
  if (!matches) {
    return 0;
  }
  return match_->kind == ModelMatch::Kind::kEquals ? ModelMatch::kExact : match_->text.size();
}

CompiledMatch::Effort CompiledMatch::effort() const {
  if (IsCombination(match_->kind)) {
    Effort effort;
    for (const CompiledMatch& part : parts_) {
      effort.Add(part.effort());
    }
    return effort;
  }
  const bool searches = regex_ != nullptr || match_->kind == ModelMatch::Kind::kContains;
  return {.leaves = 1,
          .searches = searches ? size_t{1} : 0,
          .instructions = regex_ == nullptr ? 0 : static_cast<size_t>(regex_->ProgramSize())};
}

void CompiledMatch::Effort::Add(const Effort& other, int sign) {
  const auto add = [&](size_t* sum, size_t count) {
    *sum = sign > 0 ? *sum + count : *sum - count;
  };
  add(&leaves, other.leaves);
  add(&searches, other.searches);
  add(&instructions, other.instructions);
}

std::string ModelMatch::ToString() const {
  switch (kind) {
    case Kind::kEquals:
      return Shown(text);
    case Kind::kStartsWith:
      return absl::StrCat(Shown(text), "*");
    case Kind::kEndsWith:
      return absl::StrCat("*", Shown(text));
    case Kind::kContains:
      return absl::StrCat("*", Shown(text), "*");
    case Kind::kRegex:
      return ShownRegex(text);
    case Kind::kAnyOf:
      return absl::StrCat("any(", ShownParts(parts), ")");
    case Kind::kAllOf:
      return absl::StrCat("all(", ShownParts(parts), ")");
  }
  CHECK(false && "unknown kind of model match");
  return "";
}

absl::Status ModelMatch::Validate() const {
  size_t parts_seen = 0;
  return ValidateNested(*this, 0, parts_seen);
}

}  // namespace itemized
