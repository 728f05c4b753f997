// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dashboard is made of files that client/dashboard builds and the binary carries.

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "server/http/router.h"

namespace itemized::server {

// Refers to one file, gzipped; the bytes live for ever.
struct PageFile {
  absl::string_view path;  // It is like "/assets/index-8a7b.js"; "/" is the page itself.
  absl::string_view content_type;
  absl::string_view gzip;
};

// Returns the files of this binary, none if it was built without the dashboard. The build
// generates it.
absl::Span<const PageFile> EmbeddedPages();

// Serves `files`: the page at "/" and at every address that it gives to a view, under a
// strict Content-Security-Policy, and the others at their own path, to be kept by
// browsers for ever (their names change with their content). If there is no page, a note
// says how to get it. Clients that do not take gzip get them inflated; all get an
// ETag, and 304 when they name it. The bytes of `files` outlive the router.
void AddPages(absl::Span<const PageFile> files, Router* router);

}  // namespace itemized::server
