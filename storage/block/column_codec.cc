// SPDX-License-Identifier: Apache-2.0
#include "storage/block/column_codec.h"

#include <zstd.h>

#include <bit>
#include <memory>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/block/packed_column.h"

namespace itemized {
namespace {

// PERSISTED: never change or reuse a bit.
constexpr uint8_t kZstd = 1;
constexpr uint8_t kSparse = 2;
constexpr uint8_t kPacked = 4;

constexpr int kZstdLevel = 1;
constexpr size_t kCompressFrom =
    32;  // Fewer bytes are not compressed: the header of a frame eats the gain.
constexpr size_t kSampleBytes = 2048;
// Costs, times and token counts are nearly random: they would gain a few percent, and take
// most of the time of packing and unpacking. A column has to shrink by this share.
constexpr size_t kGainShare = 8;
// Packed values are read several times as fast: they may be larger by this share.
constexpr size_t kPackedShare = 8;
constexpr size_t kPackFrom = 32;               // Fewer values are read as fast either way.
constexpr size_t kRawMax = size_t{256} << 20;  // Far above any block; it bounds a damaged length.

struct FreeCompression {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompression {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A context of zstd costs far more to make than a small column to compress.
ZSTD_CCtx* Compression() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompression> context(ZSTD_createCCtx());
  CHECK(context != nullptr);
  return context.get();
}

ZSTD_DCtx* Decompression() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompression> context(ZSTD_createDCtx());
  CHECK(context != nullptr);
  return context.get();
}

absl::Status Malformed() {
  return absl::DataLossError(
      "The store is damaged: a column of a block cannot be read. Restore the data directory from a "
      "backup.");
}

void AppendStored(ColumnId id, uint8_t encoding, size_t raw_size, absl::string_view stored,
                  std::string* out) {
  out->push_back(static_cast<char>(id));
  out->push_back(static_cast<char>(encoding));
  AppendVarint(out, raw_size);
  AppendVarint(out, stored.size());
  out->append(stored.data(), stored.size());
}

// Returns `raw` compressed, valid until the next call; empty if that does not pay.
absl::string_view Compress(absl::string_view raw) {
  thread_local std::string compressed;
  if (compressed.size() < ZSTD_compressBound(raw.size())) {
    compressed.resize(ZSTD_compressBound(raw.size()));
  }
  const size_t size = ZSTD_compressCCtx(Compression(), compressed.data(), compressed.size(),
                                        raw.data(), raw.size(), kZstdLevel);
  CHECK(!ZSTD_isError(size));
  return size <= raw.size() - raw.size() / kGainShare
             ? absl::string_view(compressed).substr(0, size)
             : absl::string_view();
}

// Does the same, but tells most of what does not pay by a sample.
absl::string_view CompressIfItMayPay(absl::string_view raw) {
  const bool may_pay =
      raw.size() >= kCompressFrom &&
      (raw.size() < 2 * kSampleBytes || !Compress(raw.substr(0, kSampleBytes)).empty());
  return may_pay ? Compress(raw) : absl::string_view();
}

// `compressed` is what CompressIfItMayPay returned for `raw`.
void AppendSmaller(ColumnId id, uint8_t encoding, absl::string_view raw,
                   absl::string_view compressed, std::string* out) {
  if (raw.empty()) {
    return;
  }
  if (compressed.empty()) {
    AppendStored(id, encoding, raw.size(), raw, out);
  } else {
    AppendStored(id, encoding | kZstd, raw.size(), compressed, out);
  }
}

// The bits of the largest value.
int BitsOf(absl::Span<const uint64_t> values) {
  uint64_t all = 0;
  for (const uint64_t value : values) {
    all |= value;
  }
  return static_cast<int>(std::bit_width(all));
}

// Calls visit(row, bytes) for each value of a sparse column that is not zero, by rising row, with
// the bytes of its varint; returns false if the column is malformed or has more than `rows`.
template <typename Visit>
bool ForEachSparse(absl::string_view sparse, size_t rows, Visit visit) {
  size_t row = 0;
  for (bool is_first = true; !sparse.empty(); is_first = false) {
    uint64_t distance = 0;
    uint64_t value = 0;
    if (!ReadVarint(&sparse, &distance)) {
      return false;
    }
    const absl::string_view begin = sparse;
    if ((!is_first && distance == 0) || !ReadVarint(&sparse, &value) || distance >= rows - row) {
      return false;
    }
    row += distance;
    visit(row, begin.substr(0, begin.size() - sparse.size()));
  }
  return true;
}

// Writes `sparse` with its zeros; returns false if it is malformed or has more than `rows`.
bool FillIn(absl::string_view sparse, size_t rows, std::string* out) {
  out->clear();
  out->reserve(rows + sparse.size());
  size_t next = 0;  // The next row to be written.
  const bool is_good = ForEachSparse(sparse, rows, [&](size_t row, absl::string_view bytes) {
    out->append(row - next, '\0');
    out->append(bytes.data(), bytes.size());
    next = row + 1;
  });
  out->append(rows - next, '\0');
  return is_good;
}

absl::StatusOr<absl::string_view> Decompress(const StoredColumn& column, std::string* buffer) {
  buffer->resize(column.raw_size);
  const size_t size = ZSTD_decompressDCtx(Decompression(), buffer->data(), buffer->size(),
                                          column.stored.data(), column.stored.size());
  if (ZSTD_isError(size) || size != column.raw_size) {
    return Malformed();
  }
  return absl::string_view(*buffer);
}

// The stored bytes of a column of varints, decompressed to `*buffer` if they have to be.
absl::StatusOr<absl::string_view> Stored(const StoredColumn& column, std::string* buffer) {
  if (column.encoding > (kZstd | kSparse)) {
    return Malformed();
  }
  absl::string_view raw = column.stored;
  if ((column.encoding & kZstd) != 0) {
    ASSIGN_OR_RETURN(raw, Decompress(column, buffer));
  }
  if (raw.size() != column.raw_size) {
    return Malformed();
  }
  return raw;
}

}  // namespace

void AppendColumn(ColumnId id, absl::string_view raw, std::string* out) {
  AppendSmaller(id, 0, raw, CompressIfItMayPay(raw), out);
}

void AppendSparseColumn(ColumnId id, absl::string_view raw, std::string* out) {
  AppendSmaller(id, kSparse, raw, CompressIfItMayPay(raw), out);
}

void AppendNumbers(ColumnId id, absl::Span<const uint64_t> values, std::string* out) {
  const std::string raw = Varints(values);
  const absl::string_view compressed = CompressIfItMayPay(raw);
  const size_t size = compressed.empty() ? raw.size() : compressed.size();
  const int bits = BitsOf(values);
  if (values.size() >= kPackFrom && bits >= 1 && bits <= kPackedBitsMax &&
      PackedSize(values.size(), bits) <= size + size / kPackedShare) {
    std::string packed;
    AppendPacked(values, bits, &packed);
    AppendStored(id, kPacked, packed.size(), packed, out);
  } else {
    AppendSmaller(id, 0, raw, compressed, out);
  }
}

bool StoredColumn::is_packed() const {
  return encoding == kPacked;
}

absl::StatusOr<StoredColumn> ReadColumn(absl::string_view* in) {
  StoredColumn column;
  if (in->size() < 2) {
    return Malformed();
  }
  column.id = static_cast<uint8_t>((*in)[0]);
  column.encoding = static_cast<uint8_t>((*in)[1]);
  in->remove_prefix(2);
  uint64_t raw_size = 0;
  uint64_t stored_size = 0;
  if (!ReadVarint(in, &raw_size) || !ReadVarint(in, &stored_size) || stored_size > in->size() ||
      raw_size > kRawMax || column.id >= 64) {
    return Malformed();
  }
  column.raw_size = raw_size;
  column.stored = in->substr(0, stored_size);
  in->remove_prefix(stored_size);
  return column;
}

bool StoredColumn::is_sparse() const {
  return (encoding & kSparse) != 0;
}

absl::StatusOr<absl::string_view> RawBytes(const StoredColumn& column, size_t rows,
                                           std::string* buffer) {
  ASSIGN_OR_RETURN(const absl::string_view raw, Stored(column, buffer));
  if (!column.is_sparse()) {
    return raw;
  }
  std::string filled;
  if (!FillIn(raw, rows, &filled)) {
    return Malformed();
  }
  *buffer = std::move(filled);
  return absl::string_view(*buffer);
}

absl::Status PickSparse(const StoredColumn& column, size_t rows, absl::Span<const uint32_t> picked,
                        std::string* out) {
  CHECK(column.is_sparse());
  std::string buffer;
  ASSIGN_OR_RETURN(const absl::string_view raw, Stored(column, &buffer));
  auto next = picked.begin();  // The next row to be written.
  const bool is_good = ForEachSparse(raw, rows, [&](size_t row, absl::string_view bytes) {
    for (; next != picked.end() && *next < row; ++next) {
      out->push_back('\0');
    }
    if (next != picked.end() && *next == row) {
      out->append(bytes.data(), bytes.size());
      ++next;
    }
  });
  out->append(static_cast<size_t>(picked.end() - next), '\0');
  return is_good ? absl::OkStatus() : Malformed();
}

}  // namespace itemized
