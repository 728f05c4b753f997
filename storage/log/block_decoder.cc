#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/log/block_codec.h"

namespace itemized {
namespace {

constexpr size_t kChecksumBytes = 8;

// Reads the raw bytes of one column into the block; false if malformed.
class ColumnReader {
 public:
  ColumnReader(Block* block, size_t rows, size_t completions)
      : block_(*block), rows_(rows), completions_(completions) {}

  bool Read(ColumnId id, absl::string_view raw) {
    CallRows& calls = block_.calls;
    switch (id) {
      case ColumnId::kRunNames:
        return ReadStrings(raw, &calls.run_names);
      case ColumnId::kStrings:
        return ReadStrings(raw, &calls.strings);
      case ColumnId::kAttributeSets:
        return ReadAttributeSets(raw);
      case ColumnId::kNegativeWeights:
        return ReadNegativeWeights(raw);
      case ColumnId::kTime:
        return ReadTime(raw);
      case ColumnId::kSeries:
        return ReadUnsigned(raw, &calls.series);
      case ColumnId::kRun:
        return ReadUnsigned(raw, &calls.run);
      case ColumnId::kEventIdShape:
        event_id_shape_ = std::string(raw);
        return true;
      case ColumnId::kEventIdBytes:
        event_id_bytes_ = std::string(raw);
        return true;
      case ColumnId::kDuration:
        return ReadUnsigned(raw, &calls.duration_us);
      case ColumnId::kStatus:
        return ReadUnsigned(raw, &calls.status);
      case ColumnId::kCost:
        return ReadUnsigned(raw, &calls.cost_picos);
      case ColumnId::kFlags:
        return ReadUnsigned(raw, &calls.flags);
      case ColumnId::kP50:
        return ReadUnsigned(raw, &calls.p50_picos);
      case ColumnId::kSampleCount:
        return ReadUnsigned(raw, &calls.sample_count);
      case ColumnId::kAttributeSet:
        return ReadUnsigned(raw, &calls.attribute_set);
      case ColumnId::kCompletions:
        return ReadCompletions(raw);
      default:
        return ReadUsage(id, raw);
    }
  }

  // Fills what depends on several columns and checks indices; false if malformed.
  bool Finish(ColumnMask mask) {
    CallRows& calls = block_.calls;
    if (calls.time_us.size() != rows_ || block_.completions.size() > completions_) {
      return false;
    }
    calls.weight.resize(rows_, 1);
    const auto zeros = [&](ColumnId id, auto* column) {
      if ((mask & Columns(id)) != 0) {
        column->resize(rows_);
      }
    };
    zeros(ColumnId::kSeries, &calls.series);
    zeros(ColumnId::kRun, &calls.run);
    zeros(ColumnId::kDuration, &calls.duration_us);
    zeros(ColumnId::kStatus, &calls.status);
    zeros(ColumnId::kCost, &calls.cost_picos);
    zeros(ColumnId::kFlags, &calls.flags);
    if ((mask & Columns(ColumnId::kEventIdShape)) != 0 && !FinishEventIds()) {
      return false;
    }
    return IndicesFit(mask);
  }

 private:
  static bool ReadStrings(absl::string_view raw, std::vector<std::string>* out) {
    absl::string_view text;
    while (!raw.empty()) {
      if (!ReadSized(&raw, &text)) {
        return false;
      }
      out->emplace_back(text);
    }
    return true;
  }

  template <typename T>
  bool ReadUnsigned(absl::string_view raw, std::vector<T>* out) const {
    if (raw.size() < rows_) {
      return false;  // Every value takes a byte at least; bounds the allocation.
    }
    out->resize(rows_);
    for (T& element : *out) {
      uint64_t value = 0;
      if (!ReadVarint(&raw, &value)) {
        return false;
      }
      element = static_cast<T>(value);
      if (static_cast<uint64_t>(element) != value) {
        return false;
      }
    }
    return raw.empty();
  }

  bool ReadUsage(ColumnId id, absl::string_view raw) {
    const size_t usage_class = static_cast<size_t>(id) - static_cast<size_t>(ColumnId::kUsageFirst);
    return usage_class < kUsageClassCount && ReadUnsigned(raw, &block_.calls.usage[usage_class]);
  }

  bool ReadTime(absl::string_view raw) {
    if (raw.size() < rows_) {
      return false;
    }
    int64_t time_us = HourStartUs(block_.ref.hour);
    block_.calls.time_us.resize(rows_);
    for (int64_t& element : block_.calls.time_us) {
      int64_t delta = 0;
      if (!ReadZigzag(&raw, &delta) || __builtin_add_overflow(time_us, delta, &time_us) ||
          time_us < 0 || HourOf(time_us) != block_.ref.hour) {
        return false;
      }
      element = time_us;
    }
    return raw.empty();
  }

  bool ReadNegativeWeights(absl::string_view raw) {
    block_.calls.weight.assign(rows_, 1);
    uint64_t row = 0;
    while (!raw.empty()) {
      uint64_t step = 0;
      if (!ReadVarint(&raw, &step) || step >= rows_ || row + step >= rows_) {
        return false;
      }
      row += step;
      block_.calls.weight[row] = -1;
    }
    return true;
  }

  bool ReadAttributeSets(absl::string_view raw) {
    while (!raw.empty()) {
      uint64_t size = 0;
      if (!ReadVarint(&raw, &size) || size > raw.size()) {
        return false;
      }
      auto& set = block_.calls.attribute_sets.emplace_back(size);
      for (auto& [key, value] : set) {
        if (!ReadVarint32(&raw, &key) || !ReadVarint32(&raw, &value)) {
          return false;
        }
      }
    }
    return true;
  }

  bool ReadCompletions(absl::string_view raw) {
    while (!raw.empty()) {
      CompletionRow& row = block_.completions.emplace_back();
      int64_t offset = 0;
      absl::string_view name;
      uint64_t unused = 0;
      if (!ReadZigzag(&raw, &offset) || offset < 0 || offset >= kMicrosPerHour ||
          !ReadSized(&raw, &name) || !ReadVarint32(&raw, &row.workflow) || raw.empty()) {
        return false;
      }
      row.time_us = HourStartUs(block_.ref.hour) + offset;
      row.run_name = std::string(name);
      row.outcome = static_cast<Outcome>(raw[0]);
      raw.remove_prefix(1);
      if (static_cast<int>(row.outcome) < 1 || static_cast<int>(row.outcome) >= kOutcomeCount ||
          !ReadVarint(&raw, &unused) || unused > raw.size()) {
        return false;
      }
      row.unused_steps.resize(unused);
      for (NameId& step : row.unused_steps) {
        if (!ReadVarint32(&raw, &step)) {
          return false;
        }
      }
    }
    return true;
  }

  bool FinishEventIds() {
    CallRows& calls = block_.calls;
    absl::string_view shape = event_id_shape_;
    absl::string_view bytes = event_id_bytes_;
    std::string id;
    calls.event_id_end.resize(rows_);
    for (uint32_t& end : calls.event_id_end) {
      uint64_t shared = 0;
      uint64_t added = 0;
      if (!ReadVarint(&shape, &shared) || !ReadVarint(&shape, &added) || shared > id.size() ||
          added > bytes.size()) {
        return false;
      }
      id.resize(shared);
      id.append(bytes.data(), added);
      bytes.remove_prefix(added);
      calls.event_id_data.append(id);
      end = static_cast<uint32_t>(calls.event_id_data.size());
    }
    return shape.empty() && bytes.empty();
  }

  bool IndicesFit(ColumnMask mask) const {
    const CallRows& calls = block_.calls;
    const auto below = [](const std::vector<uint32_t>& column, size_t limit) {
      return std::all_of(column.begin(), column.end(), [&](uint32_t v) { return v < limit; });
    };
    if ((mask & Columns(ColumnId::kRunNames)) != 0 && !below(calls.run, calls.run_names.size())) {
      return false;
    }
    if ((mask & Columns(ColumnId::kAttributeSets)) != 0 &&
        !below(calls.attribute_set, calls.attribute_sets.size())) {
      return false;
    }
    if ((mask & Columns(ColumnId::kStrings)) != 0) {
      for (const auto& set : calls.attribute_sets) {
        for (const auto& [key, value] : set) {
          if (key >= calls.strings.size() || value >= calls.strings.size()) {
            return false;
          }
        }
      }
    }
    return true;
  }

  Block& block_;
  size_t rows_;
  size_t completions_;
  std::string event_id_shape_;
  std::string event_id_bytes_;
};

absl::Status Damaged(BlockRef ref, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("block ", ref.sequence, " of hour ",
                                          FormatTime(HourStartUs(ref.hour)), " is damaged: ", why));
}

}  // namespace

absl::StatusOr<Block> DecodeBlock(BlockRef ref, absl::string_view bytes, ColumnMask mask) {
  if (ref.hour >= HourOf(kTimeMaxUs)) {
    return absl::DataLossError(absl::StrCat("the key of block ", ref.sequence,
                                            " is damaged: its hour ", ref.hour,
                                            " lies beyond the times that can be stored"));
  }
  if (bytes.size() <= kChecksumBytes) {
    return Damaged(ref, "it is too short");
  }
  absl::string_view checksum = bytes.substr(bytes.size() - kChecksumBytes);
  absl::string_view in = bytes.substr(0, bytes.size() - kChecksumBytes);
  uint64_t expected = 0;
  if (!ReadBigEndian64(&checksum, &expected) || XXH3_64bits(in.data(), in.size()) != expected) {
    return Damaged(ref, "its checksum does not fit");
  }
  if (in[0] != kBlockVersion) {
    return Damaged(ref, "its version is unknown");
  }
  in.remove_prefix(1);
  uint64_t rows = 0;
  uint64_t completions = 0;
  // Every row takes at least a byte in the raw time column, whose size is bounded.
  if (!ReadVarint(&in, &rows) || !ReadVarint(&in, &completions) || rows > (uint64_t{1} << 28)) {
    return Damaged(ref, "its header cannot be read");
  }
  Block block;
  block.ref = ref;
  mask |= Columns(ColumnId::kTime) | Columns(ColumnId::kNegativeWeights);
  if ((mask & Columns(ColumnId::kEventIdShape)) != 0) {
    mask |= Columns(ColumnId::kEventIdBytes);
  }
  ColumnReader reader(&block, rows, completions);
  std::string buffer;
  while (!in.empty()) {
    ASSIGN_OR_RETURN(const StoredColumn column, ReadColumn(&in));
    if ((mask & (ColumnMask{1} << column.id)) == 0) {
      continue;
    }
    ASSIGN_OR_RETURN(const absl::string_view raw, RawBytes(column, &buffer));
    if (!reader.Read(static_cast<ColumnId>(column.id), raw)) {
      return Damaged(ref, absl::StrCat("column ", column.id, " cannot be read"));
    }
  }
  if (!reader.Finish(mask)) {
    return Damaged(ref, "its columns do not fit together");
  }
  return block;
}

}  // namespace itemized
