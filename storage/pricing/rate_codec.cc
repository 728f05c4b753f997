// SPDX-License-Identifier: Apache-2.0
// Persisted form of a rate. Integers are varints, texts sized (storage/base/bytes.h).
//
//   version       byte 1, 2 or 3
//   provider      text
//   match         kind byte; a leaf: text; a combination: number of parts, parts
//   effective     varint, microseconds
//   prices        varint of bits, which say what prices are present; then those, by rising bit.
//                 Bit 12 is the price of a call as such, the bits below it are those of the
//                 classes 0 to 11; a later class c has bit c + 1
//   tiers         number; each: input_tokens_over, prices
//   source        text
//   origin        byte (RateOrigin); it and what follows is in version 2 only, which is written
//                 where one of them is not 0 or empty
//   hours         from and to, seconds of the day in UTC; both 0 for the whole day
//   served as     texts: service tier, region; empty for the standard
//   attribute     texts: key, value; it and what follows is in version 3 only, which is written
//                 where one of them is not 0 or empty, and has all of version 2
//   multiplier    varint, parts per million
//   currency      text
//   note          text
//   recorded at   varint, microseconds
//
// Key: the provider, the first text of the match, the match as above, and the
// instant as 8 bytes big-endian. In the first two, a zero byte is written
// 00 ff, and 00 00 ends them, so that byte order is the order of the texts.
// Where there are any, origin, hours and served as follow as above, and then the attribute.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/pricing/rate_book.h"

namespace itemized {
namespace {

constexpr char kVersion = 1;
constexpr char kVersionWithOrigin = 2;
constexpr char kVersionWithTerms = 3;
constexpr int kDepthMax = 16;       // Bounds the recursion; validation allows less.
constexpr size_t kRequestBit = 12;  // The number of classes that there were when it was chosen.
static_assert(kUsageClassCount >= kRequestBit && kPriceCount <= 64);

// The index into Prices of the price with this bit.
constexpr size_t PriceOfBit(size_t bit) {
  return bit == kRequestBit ? kRequestPrice : bit - (bit > kRequestBit ? 1 : 0);
}

bool IsCombination(ModelMatch::Kind kind) {
  return kind == ModelMatch::Kind::kAnyOf || kind == ModelMatch::Kind::kAllOf;
}

void AppendMatch(std::string* out, const ModelMatch& match) {
  out->push_back(static_cast<char>(match.kind));
  if (!IsCombination(match.kind)) {
    AppendSized(out, match.text);
    return;
  }
  AppendVarint(out, match.parts.size());
  for (const ModelMatch& part : match.parts) {
    AppendMatch(out, part);
  }
}

void AppendPrices(std::string* out, const Prices& prices) {
  uint64_t present = 0;
  for (size_t bit = 0; bit < kPriceCount; ++bit) {
    present |= uint64_t{prices[PriceOfBit(bit)].has_value()} << bit;
  }
  AppendVarint(out, present);
  for (size_t bit = 0; bit < kPriceCount; ++bit) {
    if (const std::optional<int64_t>& price = prices[PriceOfBit(bit)]) {
      AppendVarint(out, static_cast<uint64_t>(*price));
    }
  }
}

void AppendOrderedText(std::string* out, absl::string_view text) {
  for (const char c : text) {
    out->push_back(c);
    if (c == '\0') {
      out->push_back('\xff');
    }
  }
  out->append(2, '\0');
}

absl::string_view FirstText(const ModelMatch& match) {
  const ModelMatch* at = &match;
  while (IsCombination(at->kind) && !at->parts.empty()) {
    at = &at->parts.front();
  }
  return at->text;
}

bool ReadSigned(absl::string_view* in, int64_t* value) {
  uint64_t raw = 0;
  if (!ReadVarint(in, &raw) || raw > uint64_t{INT64_MAX}) {
    return false;
  }
  *value = static_cast<int64_t>(raw);
  return true;
}

// Reads the number of things that follow. Each takes at least a byte, which bounds the memory that
// a damaged number can allocate.
bool ReadCount(absl::string_view* in, size_t* count) {
  uint64_t raw = 0;
  if (!ReadVarint(in, &raw) || raw > in->size()) {
    return false;
  }
  *count = static_cast<size_t>(raw);
  return true;
}

bool ReadText(absl::string_view* in, std::string* text) {
  absl::string_view view;
  if (!ReadSized(in, &view)) {
    return false;
  }
  text->assign(view.data(), view.size());
  return true;
}

bool ReadKind(absl::string_view* in, ModelMatch::Kind* kind) {
  if (in->empty() ||
      static_cast<uint8_t>(in->front()) > static_cast<uint8_t>(ModelMatch::Kind::kAllOf)) {
    return false;
  }
  *kind = static_cast<ModelMatch::Kind>(in->front());
  in->remove_prefix(1);
  return true;
}

bool ReadMatch(absl::string_view* in, ModelMatch* match, int depth) {
  if (depth > kDepthMax || !ReadKind(in, &match->kind)) {
    return false;
  }
  if (!IsCombination(match->kind)) {
    return ReadText(in, &match->text);
  }
  size_t count = 0;
  if (!ReadCount(in, &count)) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    if (!ReadMatch(in, &match->parts.emplace_back(), depth + 1)) {
      return false;
    }
  }
  return true;
}

bool ReadPrices(absl::string_view* in, Prices* prices) {
  uint64_t present = 0;
  if (!ReadVarint(in, &present) || present >> kPriceCount != 0) {
    return false;
  }
  for (size_t bit = 0; bit < kPriceCount; ++bit) {
    if ((present >> bit & 1) != 0 && !ReadSigned(in, &(*prices)[PriceOfBit(bit)].emplace())) {
      return false;
    }
  }
  return true;
}

bool ReadTiers(absl::string_view* in, std::vector<RateTier>* tiers) {
  size_t count = 0;
  if (!ReadCount(in, &count) || count > kTiersMax) {
    return false;
  }
  tiers->resize(count);
  for (RateTier& tier : *tiers) {
    if (!ReadSigned(in, &tier.input_tokens_over) || !ReadPrices(in, &tier.prices)) {
      return false;
    }
  }
  return true;
}

bool HasOrigin(const Rate& rate) {
  return rate.origin != RateOrigin::kUser || !rate.hours.is_whole_day() ||
         !rate.service_tier.empty() || !rate.region.empty();
}

void AppendOrigin(std::string* out, const Rate& rate) {
  out->push_back(static_cast<char>(rate.origin));
  AppendVarint(out, static_cast<uint64_t>(rate.hours.from_s));
  AppendVarint(out, static_cast<uint64_t>(rate.hours.to_s));
  AppendSized(out, rate.service_tier);
  AppendSized(out, rate.region);
}

bool ReadSecond(absl::string_view* in, int32_t* second) {
  int64_t value = 0;
  if (!ReadSigned(in, &value) || value > INT32_MAX) {
    return false;
  }
  *second = static_cast<int32_t>(value);
  return true;
}

bool ReadOrigin(absl::string_view* in, Rate* rate) {
  if (in->empty() || static_cast<uint8_t>(in->front()) > uint8_t{1}) {
    return false;
  }
  rate->origin = static_cast<RateOrigin>(in->front());
  in->remove_prefix(1);
  return ReadSecond(in, &rate->hours.from_s) && ReadSecond(in, &rate->hours.to_s) &&
         ReadText(in, &rate->service_tier) && ReadText(in, &rate->region);
}

bool HasAttribute(const Rate& rate) {
  return !rate.attribute_key.empty() || !rate.attribute_value.empty();
}

bool HasTerms(const Rate& rate) {
  return HasAttribute(rate) || rate.multiplier_ppm != 0 || !rate.currency.empty() ||
         !rate.note.empty() || rate.recorded_at_us != 0;
}

void AppendAttribute(std::string* out, const Rate& rate) {
  AppendSized(out, rate.attribute_key);
  AppendSized(out, rate.attribute_value);
}

void AppendTerms(std::string* out, const Rate& rate) {
  AppendAttribute(out, rate);
  AppendVarint(out, static_cast<uint64_t>(rate.multiplier_ppm));
  AppendSized(out, rate.currency);
  AppendSized(out, rate.note);
  AppendVarint(out, static_cast<uint64_t>(rate.recorded_at_us));
}

bool ReadTerms(absl::string_view* in, Rate* rate) {
  return ReadText(in, &rate->attribute_key) && ReadText(in, &rate->attribute_value) &&
         ReadSigned(in, &rate->multiplier_ppm) && ReadText(in, &rate->currency) &&
         ReadText(in, &rate->note) && ReadSigned(in, &rate->recorded_at_us);
}

char VersionOf(const Rate& rate) {
  return HasTerms(rate) ? kVersionWithTerms : HasOrigin(rate) ? kVersionWithOrigin : kVersion;
}

bool ReadRate(absl::string_view* in, char version, Rate* rate) {
  return ReadText(in, &rate->provider) && ReadMatch(in, &rate->match, 0) &&
         ReadSigned(in, &rate->effective_from_us) && ReadPrices(in, &rate->prices) &&
         ReadTiers(in, &rate->tiers) && ReadText(in, &rate->source) &&
         (version < kVersionWithOrigin || ReadOrigin(in, rate)) &&
         (version < kVersionWithTerms || ReadTerms(in, rate)) && in->empty() &&
         version == VersionOf(*rate);
}

}  // namespace

std::string EncodeRate(const Rate& rate) {
  const char version = VersionOf(rate);
  std::string out(1, version);
  AppendSized(&out, rate.provider);
  AppendMatch(&out, rate.match);
  AppendVarint(&out, static_cast<uint64_t>(rate.effective_from_us));
  AppendPrices(&out, rate.prices);
  AppendVarint(&out, rate.tiers.size());
  for (const RateTier& tier : rate.tiers) {
    AppendVarint(&out, static_cast<uint64_t>(tier.input_tokens_over));
    AppendPrices(&out, tier.prices);
  }
  AppendSized(&out, rate.source);
  if (version >= kVersionWithOrigin) {
    AppendOrigin(&out, rate);
  }
  if (version >= kVersionWithTerms) {
    AppendTerms(&out, rate);
  }
  return out;
}

absl::StatusOr<Rate> DecodeRate(absl::string_view bytes) {
  if (bytes.empty()) {
    return absl::DataLossError(
        "The store is damaged: a stored rate is empty. Restore the data directory from a backup.");
  }
  const char version = bytes.front();
  if (version < kVersion || version > kVersionWithTerms) {
    return absl::DataLossError(absl::StrCat("A stored rate has version ",
                                            static_cast<uint8_t>(version),
                                            "; start a release of itemized that reads it."));
  }
  bytes.remove_prefix(1);
  Rate rate;
  if (!ReadRate(&bytes, version, &rate)) {
    return absl::DataLossError(
        "The store is damaged: the bytes of a stored rate do not form one. Restore the data "
        "directory from a backup.");
  }
  if (const absl::Status status = ValidateRate(rate); !status.ok()) {
    return absl::DataLossError(absl::StrCat(
        "The store is damaged: the stored rate for ", rate.match.ToString(), " is refused. ",
        status.message(), " Restore the data directory from a backup."));
  }
  return rate;
}

std::string RateKey(const Rate& rate) {
  std::string key;
  AppendOrderedText(&key, rate.provider);
  AppendOrderedText(&key, FirstText(rate.match));
  AppendMatch(&key, rate.match);
  AppendBigEndian64(&key, static_cast<uint64_t>(rate.effective_from_us));
  if (HasOrigin(rate) || HasAttribute(rate)) {
    AppendOrigin(&key, rate);
  }
  if (HasAttribute(rate)) {
    AppendAttribute(&key, rate);
  }
  return key;
}

}  // namespace itemized
