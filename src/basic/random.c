/* SPDX-License-Identifier: MIT */
#include <sys/random.h>

#include "basic/random.h"

void random_bytes(void *buffer, size_t size) {
        uint8_t *p = buffer;

        while (size > 0) {
                ssize_t n = getrandom(p, size, 0);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        abort();
                }
                p += n;
                size -= (size_t) n;
        }
}

uint64_t random_u64(void) {
        uint64_t value;

        random_bytes(&value, sizeof(value));
        return value;
}

uint64_t random_below(uint64_t bound) {
        uint64_t limit, value;

        assert(bound > 0);

        limit = UINT64_MAX - UINT64_MAX % bound;
        do
                value = random_u64();
        while (value >= limit);
        return value % bound;
}

/* One byte per character, rejecting those that would favour the alphabet's beginning. */
static void random_from(const char *alphabet, size_t letters, char *ret, size_t length) {
        unsigned limit = 256 - 256 % (unsigned) letters;
        uint8_t bytes[64];
        size_t have = 0, used = 0;

        for (size_t i = 0; i < length;) {
                if (used == have) {
                        have = MIN(sizeof(bytes), (length - i) + (length - i) / 4 + 4);
                        random_bytes(bytes, have);
                        used = 0;
                }
                if (bytes[used] < limit)
                        ret[i++] = alphabet[bytes[used] % letters];
                used++;
        }
        ret[length] = '\0';
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

void random_alnum(char *ret, size_t length) {
        random_from(UPPER LOWER DIGITS, 62, ret, length);
}

void random_alnum_upper(char *ret, size_t length) {
        random_from(UPPER DIGITS, 36, ret, length);
}

void random_letters_lower(char *ret, size_t length) {
        random_from(LOWER, 26, ret, length);
}

void random_uuid(char ret[static UUID_LENGTH + 1]) {
        uint8_t b[16];

        random_bytes(b, sizeof(b));
        b[6] = (uint8_t) ((b[6] & 0x0f) | 0x40);
        b[8] = (uint8_t) ((b[8] & 0x3f) | 0x80);
        (void) snprintf(ret, UUID_LENGTH + 1,
                        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                        b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
                        b[13], b[14], b[15]);
}
