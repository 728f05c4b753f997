// Persisted form of a rate, version 1. Integers are varints (LEB128), texts
// a varint of their size and the bytes.
//
//   version       byte 1
//   provider      text
//   match         kind byte; a leaf: text; a combination: number of parts, parts
//   effective     varint, microseconds
//   prices        varint of bits, bit i: price i is present; then those prices
//   tiers         number; each: input_tokens_over, prices
//   source        text
//
// Key: the provider, the first text of the match, the match as above, and the
// instant as 8 bytes big-endian. In the first two, a zero byte is written
// 00 ff, and 00 00 ends them, so that byte order is the order of the texts.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/pricing/rate_book.h"

namespace itemized {
namespace {

constexpr char kVersion = 1;
constexpr int kDepthMax = 16;  // Bounds the recursion; validation allows less.

bool IsCombination(ModelMatch::Kind kind) {
  return kind == ModelMatch::Kind::kAnyOf || kind == ModelMatch::Kind::kAllOf;
}

void PutVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void PutText(std::string& out, absl::string_view text) {
  PutVarint(out, text.size());
  out.append(text.data(), text.size());
}

void PutMatch(std::string& out, const ModelMatch& match) {
  out.push_back(static_cast<char>(match.kind));
  if (!IsCombination(match.kind)) {
    PutText(out, match.text);
    return;
  }
  PutVarint(out, match.parts.size());
  for (const ModelMatch& part : match.parts) {
    PutMatch(out, part);
  }
}

void PutPrices(std::string& out, const Prices& prices) {
  uint64_t present = 0;
  for (size_t i = 0; i < prices.size(); ++i) {
    present |= uint64_t{prices[i].has_value()} << i;
  }
  PutVarint(out, present);
  for (const std::optional<int64_t>& price : prices) {
    if (price) {
      PutVarint(out, static_cast<uint64_t>(*price));
    }
  }
}

void PutOrderedText(std::string& out, absl::string_view text) {
  for (const char c : text) {
    out.push_back(c);
    if (c == '\0') {
      out.push_back('\xff');
    }
  }
  out.append(2, '\0');
}

absl::string_view FirstText(const ModelMatch& match) {
  const ModelMatch* at = &match;
  while (IsCombination(at->kind) && !at->parts.empty()) {
    at = &at->parts.front();
  }
  return at->text;
}

// Takes fields off the front of bytes. Each call is false if they do not hold one.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }

  bool Byte(uint8_t& value) {
    if (rest_.empty()) {
      return false;
    }
    value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }

  bool Varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      uint8_t byte = 0;
      if (!Byte(byte) || (shift == 63 && byte > 1)) {
        return false;
      }
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        return true;
      }
    }
    return false;
  }

  bool Signed(int64_t& value) {
    uint64_t raw = 0;
    if (!Varint(raw) || raw > uint64_t{INT64_MAX}) {
      return false;
    }
    value = static_cast<int64_t>(raw);
    return true;
  }

  // A number of things of at least a byte each that follow, so memory is bounded.
  bool Count(size_t& count) {
    uint64_t raw = 0;
    if (!Varint(raw) || raw > rest_.size()) {
      return false;
    }
    count = static_cast<size_t>(raw);
    return true;
  }

  bool Text(std::string& text) {
    size_t size = 0;
    if (!Count(size)) {
      return false;
    }
    text.assign(rest_.data(), size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  absl::string_view rest_;
};

bool ReadMatch(Reader& in, ModelMatch& match, int depth) {
  uint8_t kind = 0;
  if (depth > kDepthMax || !in.Byte(kind) ||
      kind > static_cast<uint8_t>(ModelMatch::Kind::kAllOf)) {
    return false;
  }
  match.kind = static_cast<ModelMatch::Kind>(kind);
  if (!IsCombination(match.kind)) {
    return in.Text(match.text);
  }
  size_t count = 0;
  if (!in.Count(count)) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    if (!ReadMatch(in, match.parts.emplace_back(), depth + 1)) {
      return false;
    }
  }
  return true;
}

bool ReadPrices(Reader& in, Prices& prices) {
  uint64_t present = 0;
  if (!in.Varint(present) || present >> kPriceCount != 0) {
    return false;
  }
  for (size_t i = 0; i < kPriceCount; ++i) {
    if ((present >> i & 1) != 0 && !in.Signed(prices[i].emplace())) {
      return false;
    }
  }
  return true;
}

bool ReadTiers(Reader& in, std::vector<RateTier>& tiers) {
  size_t count = 0;
  if (!in.Count(count) || count > kTiersMax) {
    return false;
  }
  tiers.resize(count);
  for (RateTier& tier : tiers) {
    if (!in.Signed(tier.input_tokens_over) || !ReadPrices(in, tier.prices)) {
      return false;
    }
  }
  return true;
}

bool ReadRate(Reader& in, Rate& rate) {
  return in.Text(rate.provider) && ReadMatch(in, rate.match, 0) &&
         in.Signed(rate.effective_from_us) && ReadPrices(in, rate.prices) &&
         ReadTiers(in, rate.tiers) && in.Text(rate.source) && in.empty();
}

}  // namespace

std::string EncodeRate(const Rate& rate) {
  std::string out(1, kVersion);
  PutText(out, rate.provider);
  PutMatch(out, rate.match);
  PutVarint(out, static_cast<uint64_t>(rate.effective_from_us));
  PutPrices(out, rate.prices);
  PutVarint(out, rate.tiers.size());
  for (const RateTier& tier : rate.tiers) {
    PutVarint(out, static_cast<uint64_t>(tier.input_tokens_over));
    PutPrices(out, tier.prices);
  }
  PutText(out, rate.source);
  return out;
}

absl::StatusOr<Rate> DecodeRate(absl::string_view bytes) {
  Reader in(bytes);
  uint8_t version = 0;
  if (!in.Byte(version)) {
    return absl::DataLossError("a stored rate is empty");
  }
  if (version != kVersion) {
    return absl::DataLossError(absl::StrCat("a stored rate has version ", version,
                                            "; this release of itemized reads version 1"));
  }
  Rate rate;
  if (!ReadRate(in, rate)) {
    return absl::DataLossError("a stored rate is damaged: its bytes do not form a rate");
  }
  if (const absl::Status status = ValidateRate(rate); !status.ok()) {
    return absl::DataLossError(absl::StrCat("a stored rate is damaged: ", status.message()));
  }
  return rate;
}

std::string RateKey(const Rate& rate) {
  std::string key;
  PutOrderedText(key, rate.provider);
  PutOrderedText(key, FirstText(rate.match));
  PutMatch(key, rate.match);
  const auto instant = static_cast<uint64_t>(rate.effective_from_us);
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(instant >> shift & 0xFF));
  }
  return key;
}

}  // namespace itemized
