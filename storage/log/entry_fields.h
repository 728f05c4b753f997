// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the elements of an entry are written and read (storage/FORMAT.md, "Entry"). Reading moves
// `in` behind the element, and returns false if it is malformed. For entry_codec.cc alone.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/base/bytes.h"
#include "storage/log/entry.h"

namespace itemized {

inline void AppendId(const ProducerId& id, std::string* out) {
  out->append(id.begin(), id.end());
}

inline bool ReadId(absl::string_view* in, ProducerId* id) {
  if (in->size() < id->size()) {
    return false;
  }
  std::copy_n(in->begin(), id->size(), id->begin());
  in->remove_prefix(id->size());
  return true;
}

inline void AppendText(const std::string& text, std::string* out) {
  AppendSized(out, text);
}

inline bool ReadText(absl::string_view* in, std::string* text) {
  absl::string_view bytes;
  if (!ReadSized(in, &bytes)) {
    return false;
  }
  *text = std::string(bytes);
  return true;
}

inline void AppendName(const CatalogAdditions::Name& name, std::string* out) {
  out->push_back(static_cast<char>(name.kind));
  AppendVarint(out, name.id.value());
  AppendSized(out, name.name);
}

inline bool ReadName(absl::string_view* in, CatalogAdditions::Name* name) {
  if (in->empty() || static_cast<uint8_t>(in->front()) >= kNameKindCount) {
    return false;
  }
  name->kind = static_cast<NameKind>(in->front());
  in->remove_prefix(1);
  return ReadVarintId(in, &name->id) && ReadText(in, &name->name);
}

inline void AppendSeries(const SeriesKey& series, std::string* out) {
  for (const NameId name : series.names) {
    AppendVarint(out, name.value());
  }
}

inline bool ReadSeries(absl::string_view* in, SeriesKey* series) {
  for (NameId& name : series->names) {
    if (!ReadVarintId(in, &name)) {
      return false;
    }
  }
  return true;
}

inline void AppendProgress(const ProducerProgress& progress, std::string* out) {
  AppendId(progress.id, out);
  AppendVarint(out, progress.epoch);
  AppendVarint(out, progress.last_sequence);
  AppendZigzag(out, progress.last_seen_us);
  AppendVarint(out, progress.contents.size());
  for (const uint64_t content : progress.contents) {
    AppendBigEndian64(out, content);
  }
}

inline bool ReadProgress(absl::string_view* in, ProducerProgress* progress) {
  uint64_t count = 0;
  if (!ReadId(in, &progress->id) || !ReadVarint(in, &progress->epoch) ||
      !ReadVarint(in, &progress->last_sequence) || !ReadZigzag(in, &progress->last_seen_us) ||
      !ReadVarint(in, &count) || count > progress->last_sequence || count > in->size() / 8) {
    return false;
  }
  progress->contents.resize(count);
  for (uint64_t& content : progress->contents) {
    if (!ReadBigEndian64(in, &content)) {
      return false;
    }
  }
  return true;
}

inline void AppendRate(const CheckedRatePtr& rate, std::string* out) {
  AppendSized(out, EncodeRate(rate->rate()));
}

inline bool ReadRate(absl::string_view* in, CheckedRatePtr* rate) {
  absl::string_view bytes;
  if (!ReadSized(in, &bytes)) {
    return false;
  }
  absl::StatusOr<Rate> decoded = DecodeRate(bytes);
  if (!decoded.ok()) {
    return false;
  }
  absl::StatusOr<CheckedRatePtr> checked = CheckedRate::Make(*std::move(decoded));
  if (!checked.ok()) {
    return false;
  }
  *rate = *std::move(checked);
  return true;
}

inline void AppendNote(const Note& note, std::string* out) {
  AppendSized(out, note.key);
  AppendSized(out, note.value);
  AppendZigzag(out, note.time_us);
}

inline bool ReadNote(absl::string_view* in, Note* note) {
  return ReadText(in, &note->key) && ReadText(in, &note->value) && ReadZigzag(in, &note->time_us);
}

template <typename T, typename Read>
bool ReadList(absl::string_view* in, Read read, std::vector<T>* list) {
  uint64_t count = 0;
  if (!ReadVarint(in, &count) || count == 0 || count > in->size()) {  // Each takes at least a byte.
    return false;
  }
  list->resize(count);
  for (T& item : *list) {
    if (!read(in, &item)) {
      return false;
    }
  }
  return true;
}

}  // namespace itemized
