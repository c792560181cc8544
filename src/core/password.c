/* SPDX-License-Identifier: MIT */
#include <crypt.h>

#include "basic/random.h"
#include "core/password.h"

#define SALT_BYTES 16

/* Some hundred bytes to 32 kB, too much for a stack; and it has seen the password. */
static struct crypt_data *crypt_data_free(struct crypt_data *data) {
        if (data)
                explicit_bzero(data, sizeof(*data));
        return mfree(data);
}
DEFINE_CLEANUP(struct crypt_data *, crypt_data_free)

int password_hash(const char *password, char ret[static PASSWORD_HASH_SIZE]) {
        _cleanup_(crypt_data_freep) struct crypt_data *data = calloc(1, sizeof(*data));
        char salt[SALT_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];
        const char *hash;

        assert(password);

        if (!data)
                return -ENOMEM;
        random_bytes(salt, sizeof(salt));
        if (!crypt_gensalt_rn("$2a$", PASSWORD_COST, salt, sizeof(salt), setting, sizeof(setting)))
                return -EINVAL;
        hash = crypt_rn(password, setting, data, sizeof(*data));
        if (!hash || strlen(hash) >= PASSWORD_HASH_SIZE)
                return -EINVAL;
        memcpy(ret, hash, strlen(hash) + 1);
        return 0;
}

/* In a time that does not tell how much of it was right. */
static bool equal(const char *a, const char *b) {
        const size_t size = strlen(a);
        unsigned char difference = 0;

        if (size != strlen(b))
                return false;
        for (size_t i = 0; i < size; i++)
                difference |= (unsigned char) (a[i] ^ b[i]);
        return difference == 0;
}

int password_verify(const char *password, const char *hash, bool *ret) {
        _cleanup_(crypt_data_freep) struct crypt_data *data = calloc(1, sizeof(*data));
        const char *made;

        assert(password && hash);

        if (!data)
                return -ENOMEM;
        made = crypt_rn(password, hash, data, sizeof(*data));
        *ret = made && equal(made, hash);
        return 0;
}
