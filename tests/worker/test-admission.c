/* SPDX-License-Identifier: MIT */
#include "test.h"
#include "worker/admission.h"

#define FIRST 2
#define ROOM_FIRST (FIRST * ADMISSION_PER_CONNECTION)

static QueuedMessage to(const char *domain) {
        return (QueuedMessage){ .domain = (char *) domain };
}

static Admission *make(bool has_relays, size_t total_max) {
        Admission *a;

        CHECK_INT(admission_new(has_relays, total_max, FIRST, &a), 0);
        return a;
}

/* How many further ones are admitted, at most `max`. */
static size_t admit(Admission *a, QueuedMessage m, size_t max) {
        size_t n = 0;

        while (n < max && admission_admit(&m, a))
                n++;
        return n;
}

static void done(Admission *a, const char *domain, size_t count) {
        while (count-- > 0)
                admission_done(a, false, domain, 0);
}

TEST(each_destination_has_room_for_its_connections) {
        _cleanup_(admission_freep) Admission *a = make(false, 1000);

        CHECK_INT(admit(a, to("a.example"), 100), ROOM_FIRST);
        CHECK_INT(admit(a, to("A.Example"), 100), 0);
        CHECK_INT(admit(a, to("b.example"), 100), ROOM_FIRST);
        CHECK_INT(admission_total(a), 2 * ROOM_FIRST);
        done(a, "a.EXAMPLE", 3);
        CHECK_INT(admit(a, to("a.example"), 100), 3);
        admission_set_limit(a, false, "a.example", 0, 10, true);
        CHECK_INT(admit(a, to("a.example"), 100), 10 * ADMISSION_PER_CONNECTION - ROOM_FIRST);
        admission_set_limit(a, false, "a.example", 0, 1, false);
        CHECK_INT(admit(a, to("a.example"), 100), 0);
        done(a, "a.example", 10 * ADMISSION_PER_CONNECTION - 1);
        CHECK_INT(admit(a, to("a.example"), 100), ADMISSION_PER_CONNECTION - 1);
}

TEST(what_is_counted_apart) {
        _cleanup_(admission_freep) Admission *a = make(false, 1000);
        QueuedMessage m = to("a.example");

        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
        m.ip_address_id = 5;
        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
        m.is_incoming = true;
        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
        m.server_id = 5;
        CHECK_INT(admit(a, m, 100), 0);
        admission_done(a, true, "a.example", 5);
        CHECK_INT(admit(a, m, 100), 1);
}

TEST(with_relays_all_outgoing_mail_goes_one_way) {
        _cleanup_(admission_freep) Admission *a = make(true, 1000);
        QueuedMessage m = to("a.example");

        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
        CHECK_INT(admit(a, to("b.example"), 100), 0);
        done(a, "b.example", 1);
        CHECK_INT(admit(a, to("c.example"), 100), 1);
        m.is_incoming = true;
        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
        m = to("b.example");
        m.is_incoming = true;
        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
}

/* Those that take mail keep their room; the others must not fill the memory. */
TEST(the_fuller_it_is_the_less_room_for_the_slow) {
        _cleanup_(admission_freep) Admission *a = make(false, 1000);
        char domain[32];
        size_t destinations = 0, seen[ROOM_FIRST + 1] = { 0 };

        admission_set_limit(a, false, "fast.example", 0, 20, true);
        CHECK_INT(admit(a, to("fast.example"), 10), 10);
        while (destinations < 10000) {
                (void) snprintf(domain, sizeof(domain), "slow-%zu.example", destinations++);
                seen[admit(a, to(domain), 100)]++;
        }
        CHECK_INT(admission_total(a), 1000);
        CHECK_INT(seen[ROOM_FIRST], 61); /* up to half of all, beside the 10 */
        CHECK(seen[2] >= 200 && seen[2] <= 202);
        CHECK(seen[1] >= 90 && seen[1] <= 100);
        CHECK_INT(admit(a, to("fast.example"), 100), 0);
        done(a, "slow-0.example", 5);
        CHECK_INT(admit(a, to("fast.example"), 100), 5);
}

TEST(what_happens_while_it_is_lent_counts_afterwards) {
        _cleanup_(admission_freep) Admission *a = make(false, 1000);
        QueuedMessage m = to("a.example");

        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
        admission_lend(a);
        for (int i = 0; i < 5; i++)
                admission_done(a, false, "a.example", 0);
        admission_set_limit(a, false, "b.example", 0, 5, true);
        CHECK_INT(admit(a, m, 100), 0);
        CHECK_INT(admit(a, to("b.example"), 1), 1);
        admission_give_back(a, &(QueuedMessage){ .domain = (char *) "b.example" });
        admission_return(a);
        CHECK_INT(admission_total(a), ROOM_FIRST - 5);
        CHECK_INT(admit(a, m, 100), 5);
        CHECK_INT(admit(a, to("b.example"), 100), 5 * ADMISSION_PER_CONNECTION);
        admission_lend(a); /* freed with changes that nobody counts any more */
        admission_done(a, false, "a.example", 0);
}

TEST(what_is_given_back_is_not_counted) {
        _cleanup_(admission_freep) Admission *a = make(false, 1000);
        QueuedMessage m = to("a.example");

        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
        for (int i = 0; i < ROOM_FIRST; i++)
                admission_give_back(a, &m);
        CHECK_INT(admission_total(a), 0);
        CHECK_INT(admit(a, m, 100), ROOM_FIRST);
}
