// SPDX-License-Identifier: Apache-2.0
#pragma once

// Figures for people. Exact values are what --json prints.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "itemized/v1/event.pb.h"
#include "itemized/v1/query.pb.h"
#include "proto/usage_fields.h"

#include "storage/base/money.h"

namespace itemized::cli {

// What stands where there is no figure.
inline constexpr char kNothing[] = "–";

// Writes an amount with two decimals from a dollar up ("$1,234.56"), four down to a cent
// ("$0.0345"), and three significant digits below that ("$0.00000123"), so that what is not zero
// never looks like zero.
std::string Money(Picos picos);

// Returns what Money makes of an amount as servers write it; kNothing for "".
std::string MoneyText(absl::string_view usd);

// Returns the amount of the priced among `calls`; kNothing if none of them is, since unknown is not
// zero.
std::string SumText(absl::string_view usd, int64_t calls, int64_t unpriced_calls);

// Returns a price as exact as it was given, with two decimals at least: "$3.00", "$0.075"; kNothing
// for
// "".
std::string PriceText(absl::string_view usd);

// Returns "1,234,567".
std::string Count(int64_t count);

// Returns a count in at most four digits: "950", "8.40k", "130.8M".
std::string ShortCount(int64_t count);

// Returns "12.3%"; "<0.1%" for what is not zero but rounds to it.
std::string Percent(double share);

// Returns "812 ms", "1.24 s", "2 m 03 s", "1 h 05 m".
std::string DurationText(double ms);

// Returns kNothing for 0, which calls have that tell no duration; else what DurationText returns.
std::string KnownDurationText(double ms);

// Returns how long `time` is after `first`, both RFC 3339: "+1.24 s"; "" if one is none.
std::string OffsetText(const std::string& time, const std::string& first);

// Returns "6.2x".
std::string Multiple(double multiple);

// Returns an RFC 3339 instant in `zone`: "2026-11-01 10:15:03", with milliseconds on demand. What
// is no instant comes back as it is; kNothing for "".
std::string TimeText(absl::string_view rfc3339, absl::TimeZone zone, bool milliseconds = false);

// Returns "2026-10-02 00:00 to 2026-11-01 00:00 UTC".
std::string WindowText(const v1::Window& window, absl::TimeZone zone);

// Returns how many tokens went in, from a cache or not.
int64_t TokensIn(const UsageCounts& counts);

// Returns how many tokens went in and came from a cache.
int64_t TokensCached(const UsageCounts& counts);

// Returns how many text, audio and image tokens came out.
int64_t TokensOut(const UsageCounts& counts);

}  // namespace itemized::cli
