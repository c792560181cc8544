/* SPDX-License-Identifier: MIT */
#include "core/config-fixture.h"
#include "core/signing-key.h"
#include "model/model-fixture.h"
#include "model/domain-dns.h"

static uint64_t make(Db *db, const NewDomain *d) {
        uint64_t id = 0;

        problems_done(&problems);
        CHECK_INT(domain_create(db, d, &problems, &id), 0);
        return id;
}

TEST(the_recorded_domains_are_read) {
        Db *db = model_set_up();
        _cleanup_(domain_list_freep) Domain **of_main = NULL, **all = NULL;
        _cleanup_(domain_freep) Domain *d = NULL, *shared = NULL, *any = NULL, *unverified = NULL;

        CHECK_INT(domain_load(db, 1, &d), 0);
        CHECK_STR(d->name, "example.com");
        CHECK_INT(d->owner_type, DOMAIN_OF_SERVER);
        CHECK_INT(d->owner_id, 1);
        CHECK(d->is_verified && d->verified_usec == UINT64_C(1795336148000000));
        CHECK(d->dkim_status_ok && !d->return_path_status_ok && !d->use_for_any);
        CHECK_STR(d->return_path_status, "Missing");
        CHECK_STR(d->dkim_identifier_string, "cGVZEW");
        CHECK_STR(d->verification_token, "Y5U80PvahXPWDSJk1V4qRLE9HOMjbDoH");
        CHECK_INT(domain_find(db, "c17984f8-71db-4f8b-8014-abb8eca6f3f7", &unverified), 0);
        CHECK(!unverified->is_verified && !unverified->dkim_status);
        CHECK_INT(domain_find_for_server(db, 2, "orgwide.example.org", &shared), 0);
        CHECK_INT(shared->owner_type, DOMAIN_OF_ORGANIZATION);
        CHECK_STR(shared->owner_path, "acme");
        CHECK_STR(d->owner_path, "acme/main");
        CHECK_INT(domain_find_for_server(db, 1, "unverified.example.com", &any), -ENOENT);
        CHECK_INT(domain_find_for_server(db, 4, "orgwide.example.org", &any), -ENOENT);
        CHECK_INT(domain_find_by_name(db, DOMAIN_OF_SERVER, 2, "any.example.com", &any), 0);
        CHECK(any->use_for_any);
        CHECK_INT(domain_list(db, DOMAIN_OF_SERVER, 1, &of_main), 0);
        CHECK_STR(of_main[0]->name, "email-verify.example.com");
        CHECK(of_main[3] && !of_main[4]);
        CHECK_INT(domain_list(db, DOMAIN_OF_SERVER, 0, &all), 0);
        CHECK(all[7] && !all[8]);
}

TEST(a_domain_is_made_as_postal_makes_it) {
        Db *db = model_set_up();
        const NewDomain new = { DOMAIN_OF_SERVER, 2, "new.example.com", NULL, false, false };
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        _cleanup_(domain_freep) Domain *d = NULL;
        _cleanup_free_ char *text = NULL;
        uint64_t id = make(db, &new);

        CHECK_NO_PROBLEMS();
        CHECK_INT(domain_load(db, id, &d), 0);
        CHECK_STR(d->verification_method, "DNS");
        CHECK_INT(strlen(d->verification_token), 32);
        CHECK(!d->is_verified);
        CHECK_INT(signing_key_parse(slice_from_string(d->dkim_private_key), "it", &key, &text), 0);
        CHECK_INT(signing_key_bits(key), 2048);
        CHECK_SQL("1",
                  "SELECT server_id = 2 AND uuid REGEXP '" UUID_PATTERN "' AND outgoing = 1 AND "
                  "incoming = 1 AND use_for_any IS NULL AND dns_checked_at IS NULL AND "
                  "spf_status IS NULL AND created_at = updated_at AND "
                  "dkim_identifier_string COLLATE utf8mb4_bin REGEXP "
                  "'^[A-Za-z][A-Z]{4}[A-Za-z]$' AND "
                  "dkim_private_key LIKE '-----BEGIN RSA PRIVATE KEY-----%%-----\\n' "
                  "FROM domains WHERE id = %llu",
                  (unsigned long long) id);
}

TEST(what_the_maker_says_is_kept) {
        Db *db = model_set_up();
        const NewDomain new = { DOMAIN_OF_ORGANIZATION, 1, "new.example.com", "Email", true, true };
        _cleanup_(domain_freep) Domain *d = NULL;
        uint64_t id = make(db, &new);

        CHECK_NO_PROBLEMS();
        CHECK_INT(domain_load(db, id, &d), 0);
        CHECK_INT(d->owner_type, DOMAIN_OF_ORGANIZATION);
        CHECK(d->is_verified && d->use_for_any);
        CHECK_INT(strlen(d->verification_token), 6);
        CHECK_SQL("1",
                  "SELECT server_id IS NULL AND verified_at = '2026-11-22 09:00:00' "
                  "FROM domains WHERE id = %llu",
                  (unsigned long long) id);
}

TEST(problems_are_told_in_postals_words) {
        Db *db = model_set_up();
        NewDomain new = { DOMAIN_OF_SERVER, 1, "", "Pigeon", false, false };

        make(db, &new);
        CHECK_PROBLEMS("Verify Method is not included in the list", "Name can't be blank");
        new = (NewDomain){ DOMAIN_OF_SERVER, 1, "Example.com", NULL, false, false };
        make(db, &new);
        CHECK_PROBLEMS("Name is invalid", "Name is already added");
        new = (NewDomain){ DOMAIN_OF_SERVER, 9, "x.example.com", NULL, false, false };
        make(db, &new);
        CHECK_PROBLEMS("Server must exist");
        new = (NewDomain){ DOMAIN_OF_ORGANIZATION, 9, "x.example.com", NULL, false, false };
        make(db, &new);
        CHECK_PROBLEMS("Organization must exist");
        CHECK_SQL("8", "SELECT COUNT(*) FROM domains");
        /* Another owner may have it too. */
        new = (NewDomain){ DOMAIN_OF_SERVER, 2, "example.com", NULL, false, false };
        make(db, &new);
        CHECK_NO_PROBLEMS();
}

TEST(the_records_to_publish) {
        Db *db = model_set_up();
        _cleanup_(domain_freep) Domain *d = NULL, *verified = NULL;
        _cleanup_(fixture_done) Fixture f;
        DomainRecords records;

        fixture_load(
                &f,
                "version: 2\ndns: { mx_records: [mx1.p.test, mx2.p.test], spf_include: spf.p.test, "
                "return_path_domain: rp.p.test }\n",
                NULL);
        CHECK_INT(f.result, 0);
        CHECK_INT(domain_load(db, 4, &d), 0);
        CHECK_INT(domain_records(d, f.config, &records), 0);
        CHECK_INT(records.count, 6);
        CHECK_STR(records.items[0].value, "postal-verification LayHQW5sQiQ9DnatP6L6MXEyLTTg4p0Y");
        CHECK_STR(records.items[1].value, "v=spf1 a mx include:spf.p.test ~all");
        CHECK_STR(records.items[2].name, "postal-zCMXOS._domainkey.unverified.example.com");
        CHECK_INT(strncmp(records.items[2].value, "v=DKIM1; t=s; h=sha256; p=MIGfMA0", 33), 0);
        CHECK_STR(records.items[3].name, "psrp.unverified.example.com");
        CHECK_STR(records.items[3].value, "rp.p.test");
        CHECK_STR(records.items[4].value, "10 mx1.p.test");
        CHECK_STR(records.items[5].type, "MX");
        domain_records_done(&records);
        CHECK_INT(domain_load(db, 1, &verified), 0);
        CHECK_INT(domain_records(verified, f.config, &records), 0);
        CHECK_STR(records.items[0].purpose, "spf");
        domain_records_done(&records);
        free(verified->dkim_private_key);
        verified->dkim_private_key = strdup("rubbish");
        CHECK_INT(domain_records(verified, f.config, &records), -EBADMSG);
}
