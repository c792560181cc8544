/* SPDX-License-Identifier: MIT */
/* The kinds of YAML 1.1 (https://yaml.org/type/), with what Ruby's parser does differently: numbers
 * may have commas, `1:30` is 5400, `y` and `n` are strings, the exponent of a float needs its sign.
 */
#include <math.h>

#include "core/config-scalar.h"

#define NUMBER_TEXT_MAX ((size_t) 64)

static bool is_separator(char c) {
        return c == '_' || c == ',';
}

static size_t skip_sign(Slice text) {
        return text.size > 0 && (text.data[0] == '+' || text.data[0] == '-') ? 1 : 0;
}

static int digit_value(char c) {
        if (ascii_is_digit(c))
                return c - '0';
        c = ascii_to_lower(c);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Digits of a base, with single separators between them. Returns false if there is anything else.
 */
static bool scan_digits(Slice digits, int base, bool is_negative, ConfigScalar *scalar) {
        int64_t value = 0;
        bool is_huge = false;

        for (size_t i = 0; i < digits.size; i++) {
                int digit;

                if (is_separator(digits.data[i]) && i > 0 && i + 1 < digits.size)
                        i++;
                digit = digit_value(digits.data[i]);
                if (digit >= base)
                        return false;
                /* Counting downwards, as the smallest number has no positive counterpart. */
                if (!is_huge && (__builtin_mul_overflow(value, base, &value) ||
                                 __builtin_sub_overflow(value, digit, &value)))
                        is_huge = true;
        }
        if (digits.size == 0)
                return false;
        if (is_huge || (!is_negative && value == INT64_MIN))
                scalar->integer = is_negative ? INT64_MIN : INT64_MAX;
        else
                scalar->integer = is_negative ? value : -value;
        scalar->is_huge = is_huge || (!is_negative && value == INT64_MIN);
        scalar->kind = SCALAR_INTEGER;
        return true;
}

static bool scan_integer(Slice text, ConfigScalar *scalar) {
        bool is_negative = text.size > 0 && text.data[0] == '-';
        Slice digits = slice_from(text, skip_sign(text));
        char second = digits.size > 1 ? digits.data[1] : '\0';

        if (digits.size < 2 || digits.data[0] != '0')
                return scan_digits(digits, 10, is_negative, scalar);
        if (second == 'b' || second == 'x' || second == 'o')
                return scan_digits(slice_from(digits, 2),
                                   second == 'b'   ? 2
                                   : second == 'x' ? 16
                                                   : 8,
                                   is_negative, scalar);
        return scan_digits(slice_from(digits, 1), 8, is_negative, scalar);
}

static size_t skip_digits(Slice text, size_t at, const char *separators) {
        while (at < text.size && (ascii_is_digit(text.data[at]) ||
                                  (text.data[at] && strchr(separators, text.data[at]))))
                at++;
        return at;
}

/* strtod() of the text without its separators. */
static bool text_to_double(Slice text, double *ret) {
        char copy[NUMBER_TEXT_MAX], *end;
        size_t size = 0;

        for (size_t i = 0; i < text.size; i++) {
                if (is_separator(text.data[i]))
                        continue;
                if (size + 1 >= sizeof(copy))
                        return false;
                copy[size++] = text.data[i];
        }
        copy[size] = '\0';
        *ret = strtod(copy, &end);
        return end != copy && *end == '\0';
}

static bool scan_float(Slice text, ConfigScalar *scalar) {
        size_t start = skip_sign(text), at, point;

        if (slice_equal_ignore_case(slice_from(text, start), SLICE(".inf"))) {
                scalar->number = text.data[0] == '-' ? (double) -INFINITY : (double) INFINITY;
                scalar->kind = SCALAR_FLOAT;
                return true;
        }
        if (slice_equal_ignore_case(text, SLICE(".nan"))) {
                scalar->number = (double) NAN;
                scalar->kind = SCALAR_FLOAT;
                return true;
        }
        point = at = skip_digits(text, start, "_,");
        if (at > start && is_separator(text.data[start]))
                return false;
        if (at >= text.size || text.data[at] != '.')
                return false;
        at = skip_digits(text, at + 1, "");
        if (at == point + 1 && point == start)
                return false;
        if (at < text.size) {
                size_t exponent;

                if (at + 2 >= text.size || ascii_to_lower(text.data[at]) != 'e' ||
                    (text.data[at + 1] != '+' && text.data[at + 1] != '-'))
                        return false;
                exponent = skip_digits(text, at + 2, "");
                if (exponent == at + 2 || exponent < text.size)
                        return false;
        }
        if (!text_to_double(text, &scalar->number))
                return false;
        scalar->kind = SCALAR_FLOAT;
        return true;
}

/* `1:30:00` and `1:30`, which count from the hours both, and the same with a fraction. */
static bool scan_sexagesimal(Slice text, ConfigScalar *scalar) {
        size_t at = skip_sign(text), groups = 0;
        double total, number;

        if (at >= text.size || !ascii_is_digit(text.data[at]))
                return false;
        at = skip_digits(text, at, "_");
        if (!text_to_double(slice_first(text, at), &total))
                return false;
        total *= 3600;
        while (at < text.size && text.data[at] == ':' && groups < 2) {
                size_t start = ++at;

                while (at < text.size && ascii_is_digit(text.data[at]))
                        at++;
                if (at == start || at - start > 2 || (at - start == 2 && text.data[start] > '5') ||
                    !text_to_double(slice_first(slice_from(text, start), at - start), &number))
                        return false;
                groups++;
                total += groups == 1 ? number * 60 : number;
        }
        if (groups == 0)
                return false;
        if (at == text.size) {
                scalar->kind = SCALAR_INTEGER;
                scalar->is_huge = fabs(total) >= 0x1p63;
                scalar->integer = !scalar->is_huge ? (int64_t) total
                                  : total < 0      ? INT64_MIN
                                                   : INT64_MAX;
                return true;
        }
        if (text.data[at] != '.' || skip_digits(text, at + 1, "_") != text.size)
                return false;
        if (text.size > at + 1 && text_to_double(slice_from(text, at), &number))
                total += groups == 1 ? number * 60 : number;
        scalar->kind = SCALAR_FLOAT;
        scalar->number = total;
        return true;
}

/* `2024-01-31`, also with a time behind it; and `:symbol`. */
static bool is_refused(Slice text) {
        static const char pattern[] = "dddd-d";
        size_t at;

        if (text.size > 1 && text.data[0] == ':')
                return true;
        for (at = 0; pattern[at]; at++)
                if (at >= text.size ||
                    (pattern[at] == 'd' ? !ascii_is_digit(text.data[at]) : text.data[at] != '-'))
                        return false;
        if (at < text.size && ascii_is_digit(text.data[at]))
                at++;
        if (at + 1 >= text.size || text.data[at] != '-' || !ascii_is_digit(text.data[at + 1]))
                return false;
        at += 2;
        if (at < text.size && ascii_is_digit(text.data[at]))
                at++;
        return at == text.size || ascii_to_lower(text.data[at]) == 't' ||
               ascii_is_space(text.data[at]);
}

static bool is_word(Slice text, const char *const words[3]) {
        for (size_t i = 0; i < 3; i++)
                if (slice_equal_ignore_case(text, slice_from_string(words[i])))
                        return true;
        return false;
}

ConfigScalar config_scalar_plain(Slice text) {
        static const char *const yes[3] = { "yes", "true", "on" }, *const no[3] = { "no", "false",
                                                                                    "off" };
        ConfigScalar scalar = { .kind = SCALAR_STRING, .text = text };

        if (text.size == 0 || slice_equal(text, SLICE("~")) ||
            slice_equal_ignore_case(text, SLICE("null"))) {
                scalar.kind = SCALAR_NULL;
        } else if (is_word(text, yes) || is_word(text, no)) {
                scalar.kind = SCALAR_BOOLEAN;
                scalar.boolean = is_word(text, yes);
        } else if (is_refused(text)) {
                scalar.is_refused = true;
        } else if (text.size < NUMBER_TEXT_MAX) {
                (void) (scan_sexagesimal(text, &scalar) || scan_float(text, &scalar) ||
                        scan_integer(text, &scalar));
        }
        return scalar;
}

ConfigScalar config_scalar_string(Slice text) {
        return (ConfigScalar){ .kind = SCALAR_STRING, .text = text };
}

bool config_scalar_is_null(const ConfigScalar *scalar) {
        return scalar->kind == SCALAR_NULL ||
               (scalar->kind == SCALAR_STRING && scalar->text.size == 0);
}

/* The shortest digits that read back as the same number, as 1.5, 100.0 or 1.0e+20. */
static void float_to_string(double number, Buf *to) {
        char text[NUMBER_TEXT_MAX], *exponent_at;
        int exponent;

        if (isnan(number) || isinf(number)) {
                buf_append_string(to, isnan(number) ? "NaN"
                                      : number < 0  ? "-Infinity"
                                                    : "Infinity");
                return;
        }
        for (int digits = 0; digits < 17; digits++) {
                (void) snprintf(text, sizeof(text), "%.*e", digits, number);
                if (strtod(text, NULL) >= number && strtod(text, NULL) <= number)
                        break;
        }
        exponent_at = strchr(text, 'e');
        assert(exponent_at);
        exponent = (int) strtol(exponent_at + 1, NULL, 10);
        if (exponent >= -4 && exponent < 16) {
                int digits =
                        (int) (exponent_at - text) - (strchr(text, '.') ? 2 : 1) - (number < 0);

                buf_printf(to, "%.*f", MAX(digits - exponent, 1), number);
                return;
        }
        buf_append(to, text, (size_t) (exponent_at - text));
        if (!memchr(text, '.', (size_t) (exponent_at - text)))
                buf_append_string(to, ".0");
        buf_printf(to, "e%+03d", exponent);
}

void config_scalar_to_string(const ConfigScalar *scalar, Buf *to) {
        assert(!config_scalar_is_null(scalar));

        if (scalar->kind == SCALAR_BOOLEAN) {
                buf_append_string(to, scalar->boolean ? "true" : "false");
        } else if (scalar->kind == SCALAR_FLOAT) {
                float_to_string(scalar->number, to);
        } else if (scalar->kind == SCALAR_INTEGER && !scalar->is_huge) {
                buf_printf(to, "%lld", (long long) scalar->integer);
        } else if (scalar->kind == SCALAR_INTEGER) {
                /* Ruby's integers have no limit. */
                for (size_t i = scalar->text.data[0] == '+'; i < scalar->text.size; i++)
                        if (!is_separator(scalar->text.data[i]))
                                buf_append_byte(to, scalar->text.data[i]);
        } else
                buf_append_slice(to, scalar->text);
}

static int64_t leading_integer(Slice text) {
        bool is_negative;
        int64_t value = 0;
        size_t at;

        text = slice_trim(text);
        is_negative = text.size > 0 && text.data[0] == '-';
        for (at = skip_sign(text); at < text.size; at++) {
                if (text.data[at] == '_' && at > 0 && ascii_is_digit(text.data[at - 1]))
                        continue;
                if (!ascii_is_digit(text.data[at]))
                        break;
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_sub_overflow(value, text.data[at] - '0', &value))
                        return is_negative ? INT64_MIN : INT64_MAX;
        }
        if (is_negative)
                return value;
        return value == INT64_MIN ? INT64_MAX : -value;
}

int64_t config_scalar_to_integer(const ConfigScalar *scalar) {
        switch (scalar->kind) {
        case SCALAR_BOOLEAN:
                return scalar->boolean ? 1 : 0;
        case SCALAR_INTEGER:
                return scalar->integer;
        case SCALAR_FLOAT:
                if (isnan(scalar->number))
                        return 0;
                if (fabs(scalar->number) >= 0x1p63)
                        return scalar->number < 0 ? INT64_MIN : INT64_MAX;
                return (int64_t) scalar->number;
        case SCALAR_STRING:
                return leading_integer(scalar->text);
        case SCALAR_NULL:
                break;
        }
        return 0;
}

bool config_scalar_to_boolean(const ConfigScalar *scalar) {
        switch (scalar->kind) {
        case SCALAR_BOOLEAN:
                return scalar->boolean;
        case SCALAR_INTEGER:
                return scalar->integer == 1;
        case SCALAR_FLOAT:
                return scalar->number >= 1.0 && scalar->number <= 1.0;
        case SCALAR_STRING:
                return slice_equal(scalar->text, SLICE("true")) ||
                       slice_equal(scalar->text, SLICE("1")) ||
                       slice_equal(scalar->text, SLICE("1.0"));
        case SCALAR_NULL:
                break;
        }
        return false;
}
