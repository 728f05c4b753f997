// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "client/reconcile/usage_export.h"

namespace itemized::client {

// What one row of an export says.
struct ExportRow {
  std::string model;
  UsageFigures figures;
};

// Reads a row of the given form, which is not kAuto. Fields that are not known are ignored.
// INVALID_ARGUMENT, with a sentence that begins with `where`, if one that is needed is missing or
// cannot be read.
absl::StatusOr<ExportRow> ReadExportRow(ExportFormat format, const std::string& where,
                                        const JsonValue& row);

// Returns the form that a row is of, by its fields; kAuto if it is none of them.
ExportFormat DetectFormat(const JsonValue& row);

// Returns text that is equal for rows that are about the same thing: all of a row but its figures.
std::string IdentityOf(const JsonValue& row);

// Reads an instant as exports write it: RFC 3339, seconds since 1970, or a date and time without a
// zone, which is UTC. INVALID_ARGUMENT, with a sentence that begins with `where`, if it is none.
absl::StatusOr<int64_t> ReadInstant(const std::string& where, absl::string_view field,
                                    const JsonValue* value);

}  // namespace itemized::client
