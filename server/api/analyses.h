// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a server answers to those who want to know why spend changed, what was wasted and what a
// change would save, as server/api/answers.h does for other questions.

#include "absl/status/statusor.h"

#include "server/api/answered.h"
#include "server/api/principal.h"
#include "storage/base/cancellation.h"
#include "storage/database/database.h"

namespace itemized::server {

absl::StatusOr<Answered<AdviseAnswer>> AskAdvise(const Principal& principal,
                                                 const Database& database, const AdviseQuery& query,
                                                 const Cancellation* cancellation = nullptr);

absl::StatusOr<Answered<CompareAnswer>> AskCompare(const Principal& principal,
                                                   const Database& database,
                                                   const CompareQuery& query,
                                                   const Cancellation* cancellation = nullptr);

absl::StatusOr<Answered<WastedAnswer>> AskWasted(const Principal& principal,
                                                 const Database& database, const WastedQuery& query,
                                                 const Cancellation* cancellation = nullptr);

absl::StatusOr<Answered<WhatIfAnswer>> AskWhatIf(const Principal& principal,
                                                 const Database& database, const WhatIfQuery& query,
                                                 const Cancellation* cancellation = nullptr);

}  // namespace itemized::server
