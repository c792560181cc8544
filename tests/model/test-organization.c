/* SPDX-License-Identifier: MIT */
#include "model/model-fixture.h"
#include "model/organization.h"

static uint64_t make(Db *db, const char *name, const char *permalink) {
        const NewOrganization o = { .name = name, .permalink = permalink, .owner_id = 1 };
        uint64_t id = 0;

        problems_done(&problems);
        CHECK_INT(organization_create(db, &o, &problems, &id), 0);
        return id;
}

TEST(an_organization_is_made_as_postal_makes_it) {
        Db *db = model_set_up();
        _cleanup_(organization_freep) Organization *o = NULL;

        test_sql("UPDATE ip_pools SET `default` = 0");
        CHECK_INT(make(db, "Globex", NULL), 3);
        CHECK_NO_PROBLEMS();
        CHECK_INT(organization_load(db, 3, &o), 0);
        CHECK_STR(o->permalink, "globex");
        CHECK_STR(o->time_zone, "UTC");
        CHECK_INT(o->owner_id, 1);
        CHECK_INT(o->created_usec, NOW_USEC);
        CHECK_INT(o->suspended_usec + o->deleted_usec + o->server_count, 0);
        CHECK_SQL(
                "1",
                "SELECT uuid REGEXP '" UUID_PATTERN "' AND created_at = updated_at AND "
                "ip_pool_id IS NULL AND suspension_reason IS NULL FROM organizations WHERE id = 3");
        CHECK_SQL("0", "SELECT COUNT(*) FROM organization_ip_pools WHERE organization_id = 3");
}

TEST(the_default_pool_is_attached) {
        Db *db = model_set_up();

        test_sql("UPDATE ip_pools SET `default` = 1 WHERE id = 2");
        test_sql("UPDATE ip_pools SET `default` = 0 WHERE id <> 2");
        CHECK_INT(make(db, "Globex", NULL), 3);
        CHECK_SQL("2", "SELECT GROUP_CONCAT(ip_pool_id) FROM organization_ip_pools "
                       "WHERE organization_id = 3 AND created_at = '2026-11-22 09:00:00'");
}

TEST(permalinks_get_numbers) {
        Db *db = model_set_up();

        make(db, "Acme", NULL);
        make(db, "ACME!", NULL);
        CHECK_NO_PROBLEMS();
        CHECK_SQL("acme,acme-2,acme-3,acme-4",
                  "SELECT GROUP_CONCAT(permalink ORDER BY id) FROM organizations");
        make(db, "Other", "acme");
        CHECK_PROBLEMS("Short name has already been taken");
        make(db, "Other", "Acme");
        CHECK_PROBLEMS("Short name is invalid", "Short name has already been taken");
}

TEST(problems_are_told_in_postals_words) {
        Db *db = model_set_up();
        const NewOrganization nobody = { .name = "Nobody's", .owner_id = 77 };

        make(db, " ", NULL);
        CHECK_PROBLEMS("Name can't be blank", "Short name can't be blank");
        make(db, "Admin", NULL);
        CHECK_PROBLEMS("Short name is reserved");
        make(db, "\xe6\x97\xa5\xe6\x9c\xac", NULL);
        CHECK_PROBLEMS("Short name can't be blank");
        make(db, "snake_case", NULL);
        CHECK_PROBLEMS("Short name is invalid");
        problems_done(&problems);
        CHECK_INT(organization_create(db, &nobody, &problems, NULL), 0);
        CHECK_PROBLEMS("Owner must exist");
        CHECK_SQL("2", "SELECT COUNT(*) FROM organizations");
}

TEST(organizations_are_found) {
        Db *db = model_set_up();
        static const char *const names[] = { "acme", "ACME", "8ed7bb50-ef2c-4128-985f-f286e5474a3e",
                                             "1" };
        _cleanup_(organization_list_freep) Organization **all = NULL;
        _cleanup_(organization_freep) Organization *o = NULL;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(organization_freep) Organization *found = NULL;

                CHECK_INT(organization_find(db, names[i], &found), 0);
                CHECK_INT(found->id, 1);
                CHECK_INT(found->server_count, 3);
        }
        CHECK_INT(organization_list(db, &all), 0);
        CHECK_INT(all[0]->id, 1);
        CHECK_INT(all[1]->id, 2);
        CHECK(!all[2]);
        /* A permalink of digits goes before the id. */
        test_sql("UPDATE organizations SET permalink = '1' WHERE id = 2");
        CHECK_INT(organization_find(db, "1", &o), 0);
        CHECK_INT(o->id, 2);
        test_sql("UPDATE organizations SET deleted_at = NOW() WHERE id = 2");
        CHECK_INT(organization_find(db, "acme-2", &o), -ENOENT);
        CHECK_INT(organization_find(db, "", &o), -ENOENT);
}
