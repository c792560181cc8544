/* SPDX-License-Identifier: MIT */
#include "model/model-fixture.h"
#include "model/credential.h"

static uint64_t make(Db *db, CredentialType type, const char *name, const char *key) {
        const NewCredential c = { .server_id = 1, .type = type, .name = name, .key = key };
        uint64_t id = 0;

        problems_done(&problems);
        CHECK_INT(credential_create(db, &c, &problems, &id), 0);
        return id;
}

TEST(the_recorded_credentials_are_read) {
        Db *db = model_set_up();
        _cleanup_(credential_list_freep) Credential **all = NULL;
        _cleanup_(credential_freep) Credential *hold = NULL, *net = NULL;

        CHECK_INT(credential_list(db, 1, &all), 0);
        CHECK_STR(all[0]->name, "By IP");
        CHECK_INT(all[0]->type, CREDENTIAL_SMTP_IP);
        CHECK(all[4] && !all[5]);
        CHECK_INT(credential_find(db, "de6ffca6-b3a1-4a8c-99e9-bece3e1539d2", &hold), 0);
        CHECK(hold->hold);
        CHECK_INT(hold->type, CREDENTIAL_SMTP);
        CHECK_INT(hold->last_used_usec, UINT64_C(1795336357623511));
        CHECK_INT(credential_load(db, 5, &net), 0);
        CHECK_STR(net->key, "2001:db8::/64");
        CHECK_INT(net->last_used_usec, 0);
        CHECK_INT(credential_load(db, 99, &net), -ENOENT);
}

TEST(a_credential_is_made_as_postal_makes_it) {
        Db *db = model_set_up();
        unsigned long long id = make(db, CREDENTIAL_API, "New", "ignored");

        CHECK_NO_PROBLEMS();
        CHECK_SQL("1",
                  "SELECT `key` REGEXP '^[A-Za-z0-9]{24}$' AND uuid REGEXP '" UUID_PATTERN "' AND "
                  "type = 'API' AND hold = 0 AND options IS NULL AND last_used_at IS NULL AND "
                  "created_at = updated_at FROM credentials WHERE id = %llu",
                  id);
        id = make(db, CREDENTIAL_SMTP_IP, "Net", "192.0.2.0/24");
        CHECK_NO_PROBLEMS();
        CHECK_SQL("192.0.2.0/24", "SELECT `key` FROM credentials WHERE id = %llu", id);
}

TEST(problems_are_told_in_postals_words) {
        Db *db = model_set_up();
        NewCredential c = { .server_id = 9, .type = CREDENTIAL_SMTP, .name = "x" };

        make(db, CREDENTIAL_TYPE_INVALID, " ", NULL);
        CHECK_PROBLEMS("Type is not included in the list", "Name can't be blank");
        make(db, CREDENTIAL_SMTP_IP, "x", NULL);
        CHECK_PROBLEMS("Key can't be blank");
        make(db, CREDENTIAL_SMTP_IP, "x", "300.1.2.3");
        CHECK_PROBLEMS("Key must be a valid IPv4 or IPv6 address");
        make(db, CREDENTIAL_SMTP_IP, "x", "2001:DB8::/64");
        CHECK_PROBLEMS("Key has already been taken");
        problems_done(&problems);
        CHECK_INT(credential_create(db, &c, &problems, NULL), 0);
        CHECK_PROBLEMS("Server must exist");
        CHECK_SQL("10", "SELECT COUNT(*) FROM credentials");
}

TEST(types_have_names) {
        CHECK_INT(credential_type_from_string("smtp-ip"), CREDENTIAL_SMTP_IP);
        CHECK_INT(credential_type_from_string("SMTP"), CREDENTIAL_SMTP);
        CHECK(credential_type_from_string("FTP") < 0);
        CHECK(credential_type_from_string(NULL) < 0);
        CHECK_STR(credential_type_to_string(CREDENTIAL_API), "API");
        CHECK_STR(credential_type_to_string(CREDENTIAL_TYPE_INVALID), NULL);
}
