// SPDX-License-Identifier: Apache-2.0
#include "server/api/analyses.h"

namespace itemized::server {

absl::StatusOr<Answered<AdviseAnswer>> AskAdvise(const Principal& /*principal*/,
                                                 const Database& database, const AdviseQuery& query,
                                                 const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Advise(query, cancellation); });
}

absl::StatusOr<Answered<CompareAnswer>> AskCompare(const Principal& /*principal*/,
                                                   const Database& database,
                                                   const CompareQuery& query,
                                                   const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Compare(query, cancellation); });
}

absl::StatusOr<Answered<WastedAnswer>> AskWasted(const Principal& /*principal*/,
                                                 const Database& database, const WastedQuery& query,
                                                 const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Wasted(query, cancellation); });
}

absl::StatusOr<Answered<WhatIfAnswer>> AskWhatIf(const Principal&, const Database& database,
                                                 const WhatIfQuery& query,
                                                 const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.WhatIf(query, cancellation); });
}

}  // namespace itemized::server
