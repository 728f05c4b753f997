#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the types of the API's messages, as they are in JSON, from the proto files.
#
# The API's JSON is not quite protobuf's: counts are numbers, enums in short lower-case
# form, and an empty string is absent, but for the key of a row or a group.
set -eu
cd "$(dirname "$0")"
mkdir -p src/generated
protoc --proto_path=../../proto \
  --plugin=protoc-gen-ts_proto=node_modules/.bin/protoc-gen-ts_proto \
  --ts_proto_out=src/generated \
  --ts_proto_opt=onlyTypes=true,snakeToCamel=false,forceLong=number,stringEnums=true,removeEnumPrefix=true,unrecognizedEnum=false,useOptionals=none,esModuleInterop=true,outputIndex=false \
  itemized/v1/query.proto itemized/v1/rates.proto itemized/v1/server_info.proto
# A member such as SHORT_CIRCUITED = "OUTCOME_SHORT_CIRCUITED" is "short_circuited" in JSON; an
# outcome that is not set is that of a run still open.
find src/generated -name '*.ts' -exec sed -E -i \
  -e 's/^(  [a-z][a-z0-9_]*): string;/\1?: string;/' \
  -e 's/^  key\?: string;/  key: string;/' \
  -e 's/^(  ([A-Z][A-Z0-9_]*) = ")[A-Z0-9_]*_(\2)"/\1\L\3"/' \
  -e '/^export enum Outcome /,/^}/ s/"unspecified"/"open"/' {} +
