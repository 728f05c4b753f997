// SPDX-License-Identifier: Apache-2.0
#include "tests/server/convert/random_batch.h"

#include <cstdint>

#include "storage/base/check.h"

namespace itemized::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string RandomName(std::mt19937_64& random) {
  return "name-" + std::to_string(random() % 20);
}

int64_t RandomNumber(std::mt19937_64& random) {
  const uint64_t bits = random();
  return static_cast<int64_t>(bits >> (random() % 64));
}

int RandomEnumNumber(const FieldDescriptor& field, std::mt19937_64& random) {
  const auto count = static_cast<uint64_t>(field.enum_type()->value_count());
  return field.enum_type()->value(static_cast<int>(random() % count))->number();
}

void SetSingle(Message& message, const FieldDescriptor& field, std::mt19937_64& random) {
  const Reflection* reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, &field, RandomNumber(random));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->SetUInt32(&message, &field, static_cast<uint32_t>(random() % 7));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(&message, &field, random() % 2 == 0);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, &field, RandomEnumNumber(field, random));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(&message, &field, RandomName(random));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillRandomly(*reflection->MutableMessage(&message, &field), random);
    default:
      CHECK(false);  // Events have a new kind of field: teach it to this test.
  }
}

void AddElement(Message& message, const FieldDescriptor& field, std::mt19937_64& random) {
  const Reflection* reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->AddInt64(&message, &field, RandomNumber(random));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->AddUInt32(&message, &field, static_cast<uint32_t>(random() % 7));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->AddBool(&message, &field, random() % 2 == 0);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->AddEnumValue(&message, &field, RandomEnumNumber(field, random));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->AddString(&message, &field, RandomName(random));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillRandomly(*reflection->AddMessage(&message, &field), random);
    default:
      CHECK(false);
  }
}

}  // namespace

void FillRandomly(Message& message, std::mt19937_64& random) {
  const Descriptor* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    if (field.containing_oneof() != nullptr) {
      continue;
    }
    if (!field.is_repeated()) {
      SetSingle(message, field, random);
      continue;
    }
    for (uint64_t left = 1 + random() % 3; left > 0; --left) {
      AddElement(message, field, random);
    }
  }
  for (int i = 0; i < type->oneof_decl_count(); ++i) {
    const auto* oneof = type->oneof_decl(i);
    const auto chosen = random() % static_cast<uint64_t>(oneof->field_count());
    SetSingle(message, *oneof->field(static_cast<int>(chosen)), random);
  }
}

itemized::v1::CallColumns RandomColumns(int rows, std::mt19937_64& random) {
  itemized::v1::CallColumns columns;
  const Descriptor* type = columns.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    if (!field.is_repeated()) {
      SetSingle(columns, field, random);
      continue;
    }
    for (int row = 0; row < rows; ++row) {
      AddElement(columns, field, random);
    }
  }
  return columns;
}

}  // namespace itemized::server
