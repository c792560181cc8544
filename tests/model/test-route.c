/* SPDX-License-Identifier: MIT */
#include "model/model-fixture.h"
#include "model/route.h"

#define HTTP_UUID "45ee55c8-920d-43a7-b127-1e3c193b6885"

static NewRoute template(const char *name) {
        return (NewRoute){ .server_id = 1, .domain_id = 1, .name = name, .mode = ROUTE_ACCEPT };
}

static uint64_t make(Db *db, const NewRoute *route) {
        uint64_t id = 0;

        problems_done(&problems);
        CHECK_INT(route_create(db, route, &problems, &id), 0);
        return id;
}

TEST(the_recorded_routes_are_read) {
        Db *db = model_set_up();
        _cleanup_(route_list_freep) Route **all = NULL;
        _cleanup_(route_freep) Route *http = NULL, *multi = NULL, *quarantine = NULL,
                                     *address = NULL;

        CHECK_INT(route_list(db, 1, &all), 0);
        CHECK_STR(all[0]->name, ROUTE_RETURN_PATH);
        CHECK_STR(all[0]->domain_name, NULL);
        CHECK(all[21] && !all[22]);
        CHECK_INT(route_load(db, 1, &http), 0);
        CHECK_STR(http->domain_name, "example.com");
        CHECK_STR(http->token, "O2hDMfPU");
        CHECK_INT(http->mode, ROUTE_ENDPOINT);
        CHECK_STR(http->endpoint_type, "HTTPEndpoint");
        CHECK_INT(http->endpoint_id, 1);
        CHECK_STR(http->endpoint_description, "http://127.0.0.1:8099/http/hash-json?x=1");
        CHECK_INT(http->spam_mode, ROUTE_SPAM_MARK);
        CHECK_INT(route_load(db, 14, &address), 0);
        CHECK_STR(address->endpoint_description, "archive@elsewhere.example.net");
        CHECK_INT(route_load(db, 19, &multi), 0);
        CHECK_INT(multi->additional_endpoint_count, 2);
        CHECK_INT(route_find(db, "e632de45-1fce-45b4-9d74-d73258babd31", &quarantine), 0);
        CHECK_INT(quarantine->spam_mode, ROUTE_SPAM_QUARANTINE);
        CHECK_INT(quarantine->mode, ROUTE_ACCEPT);
        CHECK_INT(quarantine->endpoint_id, 0);
}

TEST(a_route_is_made_as_postal_makes_it) {
        Db *db = model_set_up();
        NewRoute new = template("new");
        unsigned long long id = make(db, &new);

        CHECK_NO_PROBLEMS();
        CHECK_SQL("1",
                  "SELECT uuid REGEXP '" UUID_PATTERN "' AND endpoint_id IS NULL AND "
                  "endpoint_type IS NULL AND mode = 'Accept' AND spam_mode = 'Mark' AND "
                  "token REGEXP '^[A-Za-z][A-Za-z0-9]{6}[A-Za-z]$' AND created_at = updated_at "
                  "FROM routes WHERE id = %llu",
                  id);
        new = template("to-http");
        new.domain_id = 3; /* of the organization */
        new.mode = ROUTE_ENDPOINT;
        new.spam_mode = ROUTE_SPAM_FAIL;
        new.endpoint_type = "httpendpoint";
        new.endpoint_uuid = HTTP_UUID;
        id = make(db, &new);
        CHECK_NO_PROBLEMS();
        CHECK_SQL("HTTPEndpoint 1 Fail",
                  "SELECT CONCAT_WS(' ', endpoint_type, endpoint_id, spam_mode) FROM routes "
                  "WHERE id = %llu",
                  id);
}

TEST(problems_are_told_in_postals_words) {
        Db *db = model_set_up();
        NewRoute new = { .server_id = 1, .mode = ROUTE_MODE_INVALID, .spam_mode = -1 };

        make(db, &new);
        CHECK_PROBLEMS("Name can't be blank", "Endpoint must be chosen",
                       "Spam mode is not included in the list", "Domain can't be blank");
        new = template("Upper_case");
        make(db, &new);
        CHECK_PROBLEMS("Name is invalid");
        new = template("accept");
        make(db, &new);
        CHECK_PROBLEMS("Name is configured on the acme/main mail server");
        new = template("x");
        new.domain_id = 4;
        make(db, &new);
        CHECK_PROBLEMS("Domain has not been verified yet");
        new.domain_id = 6;
        make(db, &new);
        CHECK_PROBLEMS("Domain is invalid");
        new = template("x");
        new.server_id = 99;
        make(db, &new);
        CHECK_PROBLEMS("Server must exist");
        CHECK_SQL("24", "SELECT COUNT(*) FROM routes");
}

TEST(endpoints_must_be_there) {
        Db *db = model_set_up();
        NewRoute new = template("x");

        new.mode = ROUTE_ENDPOINT;
        make(db, &new);
        CHECK_PROBLEMS("Endpoint can't be blank");
        new.endpoint_type = "HTTPEndpoint";
        new.endpoint_uuid = "8a8c9a13-e2e5-499c-9281-93d1f1925b66"; /* an SMTP endpoint's */
        make(db, &new);
        CHECK_PROBLEMS("Endpoint is invalid");
        new.endpoint_type = "PigeonEndpoint";
        make(db, &new);
        CHECK_PROBLEMS("Endpoint is invalid");
        new = template("x");
        new.server_id = 2;
        new.domain_id = 6;
        new.mode = ROUTE_ENDPOINT;
        new.endpoint_type = "HTTPEndpoint";
        new.endpoint_uuid = HTTP_UUID;
        make(db, &new);
        CHECK_PROBLEMS("Endpoint is invalid");
}

TEST(return_paths_lead_to_http) {
        Db *db = model_set_up();
        NewRoute new = { .server_id = 1, .name = ROUTE_RETURN_PATH, .mode = ROUTE_ACCEPT };

        make(db, &new);
        CHECK_PROBLEMS("Return path routes must point to an HTTP endpoint",
                       "A return path route already exists for this server");
        test_sql("DELETE FROM routes WHERE id = 24");
        new.mode = ROUTE_ENDPOINT;
        new.endpoint_type = "HTTPEndpoint";
        new.endpoint_uuid = HTTP_UUID;
        CHECK(make(db, &new) > 0);
        CHECK_NO_PROBLEMS();
        /* One for each server, not one for all of them. */
        test_sql("UPDATE routes SET server_id = 2 WHERE name = '%s'", ROUTE_RETURN_PATH);
        CHECK(make(db, &new) > 0);
        CHECK_NO_PROBLEMS();
}
