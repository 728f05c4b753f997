// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/query: questions, answered from an open store that they only read. May use base, model,
// pricing, sketch, catalog, block, views, runs and store.

// The questions. All of them take
// the lock of the state themselves, and answer as of one commit. `cancellation` may be null,
// and its error ends the answer between two pieces of work.

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/cancellation.h"
#include "storage/query/advise_types.h"
#include "storage/query/compare_types.h"
#include "storage/query/query_context.h"
#include "storage/query/query_types.h"
#include "storage/query/wasted_types.h"
#include "storage/query/what_if.h"

namespace itemized {

absl::StatusOr<TopAnswer> AnswerTop(const QueryContext& context, const TopQuery& query,
                                    const Cancellation* cancellation);
absl::StatusOr<WorkflowsAnswer> AnswerWorkflows(const QueryContext& context, const Window& window,
                                                const Cancellation* cancellation);
absl::StatusOr<RunAnswer> AnswerRun(const QueryContext& context, const RunQuery& query,
                                    const Cancellation* cancellation);
absl::StatusOr<SeriesAnswer> AnswerSeries(const QueryContext& context, const SeriesQuery& query,
                                          const Cancellation* cancellation);
// Says what a job for `request` would change.
absl::StatusOr<RepricingPreview> AnswerRepricingPreview(const QueryContext& context,
                                                        const RepricingRequest& request,
                                                        const Cancellation* cancellation);
absl::StatusOr<OutliersAnswer> AnswerOutliers(const QueryContext& context,
                                              const OutliersQuery& query,
                                              const Cancellation* cancellation);
absl::StatusOr<DistributionAnswer> AnswerDistribution(const QueryContext& context,
                                                      const DistributionQuery& query,
                                                      const Cancellation* cancellation);
absl::StatusOr<ExplainAnswer> AnswerExplain(const QueryContext& context, const ExplainQuery& query,
                                            const Cancellation* cancellation);
absl::StatusOr<MissingRatesAnswer> AnswerMissingRates(const QueryContext& context,
                                                      const Window& window,
                                                      const Cancellation* cancellation);
absl::StatusOr<WhatIfAnswer> AnswerWhatIf(const QueryContext& context, const WhatIfQuery& query,
                                          const Cancellation* cancellation);

absl::StatusOr<AdviseAnswer> AnswerAdvise(const QueryContext& context, const AdviseQuery& query,
                                          const Cancellation* cancellation);

// INVALID_ARGUMENT also if a call could be on both sides.
absl::StatusOr<CompareAnswer> AnswerCompare(const QueryContext& context, const CompareQuery& query,
                                            const Cancellation* cancellation);

absl::StatusOr<WastedAnswer> AnswerWasted(const QueryContext& context, const WastedQuery& query,
                                          const Cancellation* cancellation);

// Returns the models with calls that have usage and no price, by falling number of such calls.
std::vector<UnpricedModel> ListUnpricedModels(const State& state);

}  // namespace itemized
