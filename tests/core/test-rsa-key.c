/* SPDX-License-Identifier: MIT */
#include "core/rsa-key.h"
#include "test.h"

/* Keys for this test alone, in both forms, and the public half as Postal publishes it. */
static const char PKCS1[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                            "MIICXAIBAAKBgQDWW6FLgcHZKLVVWx6B8IgI+EXxJZd2QHJfNKt2sqTnD3FrlhVQ\n"
                            "zcYKeRkmS6WwKO2OILiIHwnQm3j1W80PuUcCnnL6DfW6XhVD5QpgplgOMy5VxSek\n"
                            "u+c+4OmZMadYTUmSigGosBe3fVeWTEw6tPNVyiX8NPLQZ9LoAD8qXLzFHQIDAQAB\n"
                            "AoGAJ9C7Q/glFn3+OI2FPCN+URQ0gZc26+sKk26IDrMd+CEhMxece/bMuzNFHZzd\n"
                            "eLwRa93eCMKjIxFNxV042JvUeWwA+g9brFnTIGit/lyilD5x87dAFyLXbXzgR0Lo\n"
                            "sE+DvbFjcVvI47yBKy1BS8bO8DOUW1RFnmkquY64zRRHu2ECQQDwldQdc501bQ0E\n"
                            "KrWW/MwMUgMeSdy7/34YF98+n29gI7i0juZMTHyLpHpI8Dz6A+DPAli0oijvyvvV\n"
                            "pQGhT1A5AkEA5BecVQm48I9Eh/MkKM3gERG8beDy3EoVRvaGt0kJHoaLDVfzgu8u\n"
                            "S/aJ7cXARyY9g3ypRXPoSc3Hq3JE48nUBQJAZxEI6gUZmEW7iclyOdja4XxQ8aza\n"
                            "738o2dGARievYxRqkI+XgaBSytAPwyeIN+Npb8WlktzVhMUE1iX2aNC9oQJAaM64\n"
                            "lRKsmk0armV4/g7roKxHqy2sKrEX6c2pxVqYCCDGkFETodyJp3oXktxFJ+xYY6zK\n"
                            "kxFZcWBPGWaeZRT+iQJBALNd7VipMDcGWDe1XYhOMn02pg563vqFfYCNBUb9pnQr\n"
                            "4YcVIi+O58zwV/kVaqvq2c0C4/Mxrg6OXU2dDWDWl3E=\n"
                            "-----END RSA PRIVATE KEY-----\n";
static const char PKCS8[] = "-----BEGIN PRIVATE KEY-----\n"
                            "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANZboUuBwdkotVVb\n"
                            "HoHwiAj4RfEll3ZAcl80q3aypOcPcWuWFVDNxgp5GSZLpbAo7Y4guIgfCdCbePVb\n"
                            "zQ+5RwKecvoN9bpeFUPlCmCmWA4zLlXFJ6S75z7g6Zkxp1hNSZKKAaiwF7d9V5ZM\n"
                            "TDq081XKJfw08tBn0ugAPypcvMUdAgMBAAECgYAn0LtD+CUWff44jYU8I35RFDSB\n"
                            "lzbr6wqTbogOsx34ISEzF5x79sy7M0UdnN14vBFr3d4IwqMjEU3FXTjYm9R5bAD6\n"
                            "D1usWdMgaK3+XKKUPnHzt0AXItdtfOBHQuiwT4O9sWNxW8jjvIErLUFLxs7wM5Rb\n"
                            "VEWeaSq5jrjNFEe7YQJBAPCV1B1znTVtDQQqtZb8zAxSAx5J3Lv/fhgX3z6fb2Aj\n"
                            "uLSO5kxMfIukekjwPPoD4M8CWLSiKO/K+9WlAaFPUDkCQQDkF5xVCbjwj0SH8yQo\n"
                            "zeAREbxt4PLcShVG9oa3SQkehosNV/OC7y5L9ontxcBHJj2DfKlFc+hJzcerckTj\n"
                            "ydQFAkBnEQjqBRmYRbuJyXI52NrhfFDxrNrvfyjZ0YBGJ69jFGqQj5eBoFLK0A/D\n"
                            "J4g342lvxaWS3NWExQTWJfZo0L2hAkBozriVEqyaTRquZXj+DuugrEerLawqsRfp\n"
                            "zanFWpgIIMaQUROh3ImneheS3EUn7FhjrMqTEVlxYE8ZZp5lFP6JAkEAs13tWKkw\n"
                            "NwZYN7VdiE4yfTamDnre+oV9gI0FRv2mdCvhhxUiL47nzPBX+RVqq+rZzQLj8zGu\n"
                            "Do5dTZ0NYNaXcQ==\n"
                            "-----END PRIVATE KEY-----\n";
/* Not RSA; with a password. */
static const char EC[] = "-----BEGIN EC PRIVATE KEY-----\n"
                         "MHcCAQEEIHyL79eG75r5XgFiVdogw25kNK2jRnIBZuYCIEwDPEqboAoGCCqGSM49\n"
                         "AwEHoUQDQgAEG6vzR+qxTPFvnIucd3J/JeA/gpR8S1FgxjaCFCmPMm/BWrsj0hAn\n"
                         "tCT9Oafaz8qWtQvWLQ4N0Ra2pHnmjyHO4A==\n"
                         "-----END EC PRIVATE KEY-----\n";
static const char ENCRYPTED[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                                "Proc-Type: 4,ENCRYPTED\n"
                                "DEK-Info: AES-128-CBC,63FCF1219247CAB4B30903E9C71C880F\n"
                                "\n"
                                "uonfZOyK0X7zG9wvZdlR79wu1NR/f5pRmNGW7/qx9OntLY7o8v4V1aVfWXfXF5I2\n"
                                "9ZfBRkqWrTu3vRJ4MCRSNhyQfGqxrueuPmW4sKC9Axe1BCI7qhoaGV0BfOeFkouV\n"
                                "E8T9yEoup4DO6FKbheAlYQP1zUBtdsR5tkGFl3rFD2aZj8VY1j+V9amv0IL/6znp\n"
                                "+S8CtOgx27fAVb8eS7K8wYvVD0KO0SnzsiCwDkwuZJJJ7RKIbTN3zlX+zXS4Iwzh\n"
                                "OxzWvYo/4jxDNsKNBTDOoC/kQKZ4Ujg4kCkqmtrdfzJcvsk9oaRF6MSOMCVR9Cde\n"
                                "9RpT5qZeUMR2pv5K68zNou9Q0a6DzH6PCXivusn2VolaEGKdBsPtQyOpXYo1WO/q\n"
                                "OG9VIaXkOjuQ7eq39DSv2GCdIoc//ZRB7iq7eeFiZuDUEZ2H7gWBgRAIKOXhxJR2\n"
                                "/3DZrYLYVeIM//71RE/I9WrOjuDPDfCKsxt2i2KXSq6SzFyGrEppKi0hU7yjq84U\n"
                                "rTKrCSURdIDQgemwZbLKoSqdcvlM7klklNaHn0muwDWB1VKl7ouPGoC2FRDgxKFY\n"
                                "6tkLWLZVolusQcPL7pClPYJE1B8XFZHZpHspR9yqtJRx+DzZ6E8ogL6tpvgzG1IR\n"
                                "UDOqSm02Jl1i9ZYlWLX6jZ/oLVURuEc8s88aZnX5XS6sYlwCc6smWQIcxA/GIDbv\n"
                                "WAx2vMGZxSjJbI0mkp5qCGqLk1ZGhkFhySA501DEtrS+nmLXA+yT7HuMHlys43eE\n"
                                "W1uRz+ZwEUFrOmr8qe9oU0jDE1qo0qazVaxMimQTlp7Z0dGqCHitQjQoj7bfy4Ph\n"
                                "-----END RSA PRIVATE KEY-----\n";
static const char PUBLIC[] = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDWW6FLgcHZKLVVWx6B8IgI+EXx"
                             "JZd2QHJfNKt2sqTnD3FrlhVQzcYKeRkmS6WwKO2OILiIHwnQm3j1W80PuUcCnnL6"
                             "DfW6XhVD5QpgplgOMy5VxSeku+c+4OmZMadYTUmSigGosBe3fVeWTEw6tPNVyiX8"
                             "NPLQZ9LoAD8qXLzFHQIDAQAB";

TEST(new_keys_are_pkcs1_and_differ) {
        _cleanup_(buf_done) Buf first = BUF_EMPTY, second = BUF_EMPTY, public = BUF_EMPTY;

        CHECK_INT(rsa_key_generate(RSA_KEY_BITS, &first), 0);
        CHECK_INT(rsa_key_generate(1024, &second), 0);
        CHECK_INT(strncmp(first.data, "-----BEGIN RSA PRIVATE KEY-----\n", 32), 0);
        CHECK(strstr(first.data, "\n-----END RSA PRIVATE KEY-----\n"));
        CHECK(first.size > second.size);
        CHECK_INT(rsa_key_public(buf_slice(&first), &public), 0);
        CHECK_INT(public.size, 392);
}

TEST(the_public_half_of_either_form) {
        const char *const pems[] = { PKCS1, PKCS8 };

        for (size_t i = 0; i < ELEMENTSOF(pems); i++) {
                _cleanup_(buf_done) Buf public = BUF_EMPTY;

                CHECK_INT(rsa_key_public(slice_from_string(pems[i]), &public), 0);
                CHECK_STR(buf_string(&public), PUBLIC);
        }
}

TEST(what_is_no_rsa_key) {
        const char *const texts[] = { "", "rubbish", EC, ENCRYPTED };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(buf_done) Buf public = BUF_EMPTY;

                CHECK_INT(rsa_key_public(slice_from_string(texts[i]), &public), -EBADMSG);
                CHECK_INT(public.size, 0);
        }
}
