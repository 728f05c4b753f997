// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions turn what a database tells of its own state into answers on the wire.

#include <string>

#include "itemized/v1/admin.pb.h"
#include "itemized/v1/query.pb.h"
#include "itemized/v1/server_info.pb.h"

#include "storage/maintenance/reports.h"
#include "storage/pricing/rate_change.h"
#include "storage/query/query_types.h"

namespace itemized::server {

itemized::v1::Repricing ToRepricing(const RepricingProgress& progress);

// What is known of the server itself, its version, start and address, is left out.
itemized::v1::GetServerInfoResponse ToServerInfoResponse(const DatabaseInfo& info);

itemized::v1::VerifyResponse ToVerifyResponse(const VerifyReport& report);
itemized::v1::BackupResponse ToBackupResponse(const std::string& directory,
                                              const BackupReport& report);

}  // namespace itemized::server
