// SPDX-License-Identifier: Apache-2.0
#include "server/v1/analyses.h"

#include "server/api/analyses.h"
#include "server/convert/advise.h"
#include "server/convert/compare.h"
#include "server/convert/wasted.h"
#include "server/convert/what_if.h"
#include "server/v1/answer.h"

namespace itemized::server {

namespace pb = itemized::v1;

absl::StatusOr<pb::AdviseResponse> Advise(const Principal& principal, const Database& database,
                                          const pb::AdviseRequest& request,
                                          const Cancellation* cancellation) {
  return Answer<pb::AdviseResponse>({principal, database, cancellation}, request, ToAdviseQuery,
                                    AskAdvise,
                                    [&](const AdviseAnswer& answer, const AdviseQuery& query) {
                                      return ToAdviseResponse(answer, query, request.limit());
                                    });
}

absl::StatusOr<pb::CompareResponse> Compare(const Principal& principal, const Database& database,
                                            const pb::CompareRequest& request,
                                            const Cancellation* cancellation) {
  return Answer<pb::CompareResponse>(
      {principal, database, cancellation}, request, ToCompareQuery, AskCompare,
      [&](const CompareAnswer& answer) { return ToCompareResponse(answer, request.limit()); });
}

absl::StatusOr<pb::GetWastedResponse> GetWasted(const Principal& principal,
                                                const Database& database,
                                                const pb::GetWastedRequest& request,
                                                const Cancellation* cancellation) {
  return Answer<pb::GetWastedResponse>(
      {principal, database, cancellation}, request, ToWastedQuery, AskWasted,
      [&](const WastedAnswer& answer) { return ToWastedResponse(answer, request.limit()); });
}

absl::StatusOr<pb::WhatIfResponse> WhatIf(const Principal& principal, const Database& database,
                                          const pb::WhatIfRequest& request,
                                          const Cancellation* cancellation) {
  return Answer<pb::WhatIfResponse>({principal, database, cancellation}, request, ToWhatIfQuery,
                                    AskWhatIf, ToWhatIfResponse);
}

}  // namespace itemized::server
