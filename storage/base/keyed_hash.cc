// SPDX-License-Identifier: Apache-2.0
#include "storage/base/keyed_hash.h"

#include <cstring>
#include <random>

namespace itemized {
namespace {

constexpr int kFinalRounds = 3;

uint64_t RotateLeft(uint64_t value, int bits) {
  return value << bits | value >> (64 - bits);
}

// The state of SipHash: "somepseudorandomlygeneratedbytes", mixed with the key.
class SipState {
 public:
  explicit SipState(const HashKey& key)
      : a_(key[0] ^ 0x736f6d6570736575),
        b_(key[1] ^ 0x646f72616e646f6d),
        c_(key[0] ^ 0x6c7967656e657261),
        d_(key[1] ^ 0x7465646279746573) {}

  void Add(uint64_t word) {
    d_ ^= word;
    Round();
    a_ ^= word;
  }

  uint64_t Finish() {
    c_ ^= 0xff;
    for (int i = 0; i < kFinalRounds; ++i) {
      Round();
    }
    return a_ ^ b_ ^ c_ ^ d_;
  }

 private:
  void Round() {
    a_ += b_;
    b_ = RotateLeft(b_, 13) ^ a_;
    a_ = RotateLeft(a_, 32);
    c_ += d_;
    d_ = RotateLeft(d_, 16) ^ c_;
    a_ += d_;
    d_ = RotateLeft(d_, 21) ^ a_;
    c_ += b_;
    b_ = RotateLeft(b_, 17) ^ c_;
    c_ = RotateLeft(c_, 32);
  }

  uint64_t a_;
  uint64_t b_;
  uint64_t c_;
  uint64_t d_;
};

// Reads little-endian words, as all machines do that this runs on.
uint64_t LoadWord(const char* bytes, size_t count) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  return word;
}

}  // namespace

HashKey RandomHashKey() {
  std::random_device random;
  const auto word = [&] { return uint64_t{random()} << 32 | random(); };
  return {word(), word()};
}

uint64_t KeyedHash(const HashKey& key, absl::string_view text, uint8_t last) {
  constexpr size_t kWord = sizeof(uint64_t);
  SipState state(key);
  const uint64_t length = text.size() + 1;
  for (; text.size() >= kWord; text.remove_prefix(kWord)) {
    state.Add(LoadWord(text.data(), kWord));
  }
  uint64_t rest = LoadWord(text.data(), text.size()) | uint64_t{last} << (8 * text.size());
  if (text.size() == kWord - 1) {
    state.Add(rest);
    rest = 0;
  }
  state.Add(rest | length << 56);
  return state.Finish();
}

}  // namespace itemized
