/* SPDX-License-Identifier: MIT */
#pragma once

/* Compares the schemas of two databases through information_schema: tables, columns, defaults,
 * collations, keys. What this program adds to Postal's tables is left out. */

#include "test.h"

/* Remembers the schema under a label. */
void schema_snapshot(const char *label, const char *schema);
/* What only one of the two has, as text; "" when they are equal. */
const char *schema_difference(const char *one, const char *other);

#define CHECK_SAME_SCHEMA(one, other) CHECK_STR(schema_difference(one, other), "")
