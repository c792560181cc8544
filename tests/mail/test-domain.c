/* SPDX-License-Identifier: MIT */
#include "mail/domain.h"
#include "test.h"

#define LABEL_63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"
/* 59 characters more are the longest name. */
#define LABELS_194 LABEL_63 "." LABEL_63 "." LABEL_63 ".a."

static void check(const char *domain, const char *want) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        int r;

        buf_append_string(&b, "<");
        r = domain_to_ascii(slice_from_string(domain), &b);
        if (want ? r != 0 : r != -EINVAL)
                test_fail(__FILE__, __LINE__, "%s gives %d", domain, r);
        CHECK_STR(buf_string(&b) + 1, want ? want : "");
}

TEST(ascii_names_pass_in_lower_case) {
        check("example.com", "example.com");
        check("EXAMPLE.Com.", "example.com");
        check("localhost", "localhost");
        check("_dmarc.a-b.example", "_dmarc.a-b.example");
        check("r3---sn-abc.example", "r3---sn-abc.example");
        check("xn--ls8h.la", "xn--ls8h.la");
        check("1.2.3.4", "1.2.3.4");
        check(LABEL_63 ".com", LABEL_63 ".com");
        check(LABELS_194 "a2345678901234567890123456789012345678901234567890123456789",
              LABELS_194 "a2345678901234567890123456789012345678901234567890123456789");
}

TEST(international_names_become_a_labels) {
        check("stra\xc3\x9f"
              "e.de",
              "xn--strae-oqa.de"); /* non-transitional: not strasse.de */
        check("\xc3\x9cn\xc3\xaf"
              "code.example",
              "xn--ncode-cta3g.example");
        check("a\xcc\x88.de", "xn--4ca.de"); /* composed before it is encoded */
        check("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x80\x82jp", "xn--wgv71a119e.jp");
        check("\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88\xef\xbc\x8e",
              "xn--r8jz45g.xn--zckzah");
        check("_x.\xc3\xbc.com", "_x.xn--tda.com");
}

TEST(emoji_names_become_punycode) {
        check("\xf0\x9f\x92\xa9.la", "xn--ls8h.la");
        check("I\xe2\x9d\xa4.ws", "xn--i-7iq.ws");
        check("i\xe2\x9d\xa4\xef\xb8\x8f.ws", "xn--i-7iq.ws"); /* with a variation selector */
        check("\xf0\x9f\x8d\x95\xf0\x9f\x92\xa9.ws", "xn--vi8hiv.ws");
        /* Text between them is mapped, too. */
        check("\xf0\x9f\x92\xa9\xc3\x9c.la", "xn--tda7496w.la");
        check("\xe2\x98\x83.a.\xe2\x98\x83.b", "xn--n3h.a.xn--n3h.b");
}

TEST(invalid_names) {
        check("", NULL);
        check(".", NULL);
        check("a..b", NULL);
        check(".a", NULL);
        check("a.b..", NULL);
        check("\xc3\xbc..de", NULL);
        check("a b.com", NULL);
        check("a/b", NULL);
        check("a@b", NULL);
        check("[192.0.2.1]", NULL);
        check("a\r\nb.com", NULL);
        check("a\xff.de", NULL);
        check("xn--\xc3\xbc.de", NULL);
        check("a\xe2\x80\xae.de", NULL); /* right-to-left override */
        check("\xe2\x80\x8d.de", NULL);  /* a joiner that joins nothing */
        check("\xe2\x84\x80.de", NULL);  /* maps to "a/c" */
        check(LABEL_63 "d.com", NULL);
        check(LABELS_194 "a23456789012345678901234567890123456789012345678901234567890.", NULL);
        {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                CHECK_INT(domain_to_ascii(slice_make("a\0b", 3), &b), -EINVAL);
                for (size_t i = 0; i < DOMAIN_INPUT_MAX; i++)
                        buf_append_string(&b, "\xc3\xbc");
                CHECK_INT(domain_to_ascii(buf_slice(&b), &b), -EINVAL);
        }
}
