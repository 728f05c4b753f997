#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the types of the API's messages, as they are in JSON, from the proto files.
set -eu
cd "$(dirname "$0")"
mkdir -p src/generated
exec protoc --proto_path=../../proto \
  --plugin=protoc-gen-ts_proto=node_modules/.bin/protoc-gen-ts_proto \
  --ts_proto_out=src/generated \
  --ts_proto_opt=onlyTypes=true,snakeToCamel=false,forceLong=string,stringEnums=true,useOptionals=none,esModuleInterop=true,outputIndex=false \
  itemized/v1/query.proto itemized/v1/rates.proto itemized/v1/server_info.proto
