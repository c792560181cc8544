/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/mailbox.h"
#include "prng.h"
#include "test.h"

/* Writes a list as "name|address;…" and the number of invalid elements if there are any. */
static void show(const char *value, Buf *to) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        MailboxList list;

        CHECK_INT(mailbox_list_parse(&arena, slice_from_string(value), &list), 0);
        for (Mailbox *m = list.first; m; m = m->next) {
                buf_append_slice(to, m->name);
                buf_append_byte(to, '|');
                buf_append_slice(to, m->address);
                buf_append_byte(to, ';');
        }
        if (list.invalid > 0)
                buf_printf(to, "%zu", list.invalid);
}

static const char *const LISTS[][2] = {
        { "", "" },
        { "a@x.example", "|a@x.example;" },
        { "<a@x>", "|a@x;" },
        { "A B <a@x>", "A B|a@x;" },
        { "\"B, A.\" <a@x>", "B, A.|a@x;" },
        { "J. R. Dobbs <a@x>", "J. R. Dobbs|a@x;" },
        { "A <a@x>, B <b@y>", "A|a@x;B|b@y;" },
        { "a@x,,b@y,", "|a@x;|b@y;" },
        { "Who? <one@y.test>", "Who?|one@y.test;" },
        { "\"Giant; \\\"Big\\\" Box\" <s@x>", "Giant; \"Big\" Box|s@x;" },
        /* RFC 5322 appendix A.1.3 and A.5. */
        { "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
          "Ed Jones|c@a.test;|joe@where.test;John|jdoe@one.test;" },
        { "Undisclosed recipients:;", "" },
        { "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "" },
        { "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
          "Pete|pete@silly.test;" },
        { "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
          "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end)",
          "Chris Jones|c@public.example;|joe@example.org;John|jdoe@one.test;" },
        { "Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test  . example",
          "Mary Smith|mary@example.net;|jdoe@test.example;" },
        { "john . doe @ x . test", "|john.doe@x.test;" },
        { "\"a b\"@x", "|\"a b\"@x;" },
        { "\"a@b\\\"c\"@x", "|\"a@b\\\"c\"@x;" },
        { "a@[192.0.2.1]", "|a@[192.0.2.1];" },
        { "a@x (Old Style)", "Old Style|a@x;" },
        { "a@x (nested (one) two)", "nested (one) two|a@x;" },
        { "=?utf-8?q?J=C3=BCrgen?= <j@x>", "J\xc3\xbcrgen|j@x;" },
        { "\"=?utf-8?q?J=C3=BCrgen?=\" <j@x>", "J\xc3\xbcrgen|j@x;" },
        { "=?utf-8?q?a?= =?utf-8?q?b?= <j@x>", "ab|j@x;" },
        { "J\xc3\xbcrgen <j\xc3\xbc@x>", "J\xc3\xbcrgen|j\xc3\xbc@x;" },
        { "J\xfcrgen <j@x>", "J\xc3\xbcrgen|j@x;" },
        { "\"folded\r\n name\" <a@x>", "folded name|a@x;" },
        { "a@x; b@y", "|a@x;|b@y;" },
        /* Broken elements are left out, the others stay. */
        { "nobody", "1" },
        { "<>", "1" },
        { "A <>, b@y", "|b@y;1" },
        { "<user>", "1" },
        { "@x", "1" },
        { "a@", "1" },
        { "a@x b@y", "1" },
        { "a@x <b@y>", "1" },
        { "a@b@c, d@e", "|d@e;1" },
        { "A <a@x> B, b@y", "A|a@x;|b@y;1" },
        { "A <a@x, b@y", "|b@y;1" },
        { "<a@x", "|a@x;" },
        { "\"open <a@x>", "1" },
        { "(open a@x", "" },
        { "\\ a@x, >, b@y", "|b@y;2" },
};

TEST(lists) {
        for (size_t i = 0; i < ELEMENTSOF(LISTS); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                show(LISTS[i][0], &b);
                if (!streq(buf_string(&b), LISTS[i][1]))
                        test_fail(__FILE__, __LINE__, "%s gives %s, not %s", LISTS[i][0],
                                  buf_string(&b), LISTS[i][1]);
        }
}

TEST(parts) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        MailboxList list;

        CHECK_INT(mailbox_list_parse(&arena, SLICE("A <\"x@y\" . z @ b.example>"), &list), 0);
        CHECK_INT(list.count, 1);
        CHECK_SLICE(list.first->local, "\"x@y\".z");
        CHECK_SLICE(list.first->domain, "b.example");
}

TEST(limits) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        MailboxList list;

        for (size_t i = 0; i < MAILBOX_LIST_MAX + 1; i++)
                buf_append_string(&b, "a@x,");
        CHECK_INT(mailbox_list_parse(&arena, buf_slice(&b), &list), 0);
        CHECK_INT(list.count, MAILBOX_LIST_MAX);
        CHECK(list.is_truncated);

        buf_truncate(&b, 0);
        for (size_t i = 0; i < MAILBOX_FIELD_MAX; i++) /* nesting costs nothing */
                buf_append_byte(&b, '(');
        buf_append_string(&b, "a@x");
        CHECK_INT(mailbox_list_parse(&arena, buf_slice(&b), &list), 0);
        CHECK_INT(list.count, 0);
        CHECK(list.is_truncated);
}

TEST(random_fields_end) {
        static const char *const PIECES[] = { "a", "@", "x", "<", ">", ",", ";", ":", "\"", "\\",
                                              "(", ")", "[", "]", ".", " ", "\r\n ", "=?u?q?a?=",
                                              "\xff" };
        Prng prng = { 4 };

        for (unsigned round = 0; round < 5000; round++) {
                _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
                _cleanup_(buf_done) Buf b = BUF_EMPTY;
                MailboxList list;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 24), &b);
                CHECK_INT(mailbox_list_parse(&arena, buf_slice(&b), &list), 0);
                for (Mailbox *m = list.first; m; m = m->next) {
                        CHECK(m->local.size > 0 && m->domain.size > 0);
                        CHECK(utf8_is_valid(m->name));
                        CHECK(slice_find_byte(m->address, '\n', 0) < 0);
                }
        }
}
