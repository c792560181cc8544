/* SPDX-License-Identifier: MIT */
/* The client against a scripted server, which runs in a thread. */
#include <poll.h>
#include <pthread.h>

#include "core/app-mail.h"
#include "core/clock.h"
#include "core/config-fixture.h"
#include "core/socket.h"

/* What the server waits for (the beginning of a line; "" takes all lines up to the final dot) and
 * what it answers then. */
typedef struct Step {
        const char *wants;
        const char *answers;
} Step;

typedef struct Server {
        int fd;
        const Step *steps; /* the first answers the connection */
        pthread_t thread;
        Buf seen; /* all that came */
        char wrong[256];
} Server;

static bool read_line(FILE *f, Server *s, char *line, size_t size) {
        if (!fgets(line, (int) size, f))
                return false;
        buf_append_string(&s->seen, line);
        return true;
}

static void *serve(void *userdata) {
        Server *s = userdata;
        char line[1024];
        FILE *f;
        int fd;

        (void) poll(&(struct pollfd){ .fd = s->fd, .events = POLLIN }, 1, -1);
        fd = accept(s->fd, NULL, NULL);
        f = fdopen(fd, "r+");
        setvbuf(f, NULL, _IONBF, 0);
        for (const Step *step = s->steps; step->answers; step++) {
                if (step->wants) {
                        if (!read_line(f, s, line, sizeof(line)))
                                break;
                        while (!*step->wants && !streq(line, ".\r\n") &&
                               read_line(f, s, line, sizeof(line)))
                                ;
                        if (strncmp(line, step->wants, strlen(step->wants)) != 0)
                                (void) snprintf(s->wrong, sizeof(s->wrong), "%s", line);
                }
                (void) fputs(step->answers, f);
        }
        while (read_line(f, s, line, sizeof(line)))
                ;
        (void) fclose(f);
        return NULL;
}

static void server_start(Server *s, const Step *steps) {
        *s = (Server){ .steps = steps };
        s->fd = socket_listen("127.0.0.1", 0);
        CHECK(s->fd >= 0);
        CHECK_INT(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(Server *s) {
        CHECK_INT(pthread_join(s->thread, NULL), 0);
        (void) close(s->fd);
        CHECK_STR(s->wrong, "");
}

static Buf words;

/* Sends through a server that follows the steps; `settings` go into the smtp section. */
static int send_mail(const char *settings, const Step *steps, Buf *seen) {
        static const AppMail mail = { "ada@example.com", "A subject",
                                      "One line\n.dot\n\nThe end\n" };
        _cleanup_(buf_done) Buf yaml = BUF_EMPTY;
        _cleanup_(fixture_done) Fixture f;
        Server s;
        int r;

        server_start(&s, steps);
        buf_printf(&yaml,
                   "version: 2\nsmtp: { host: 127.0.0.1, port: %d, from_name: P, from_address: "
                   "p@example.com%s }\n",
                   socket_port(s.fd), settings);
        fixture_load(&f, yaml.data, NULL);
        CHECK_INT(f.result, 0);
        buf_reset(&words, 4096);
        r = app_mail_send(f.config, &mail, 5 * USEC_PER_SEC, &words);
        server_stop(&s);
        if (seen)
                buf_append_slice(seen, buf_slice(&s.seen));
        buf_done(&s.seen);
        return r;
}

#define GREETING                                                                                   \
        { NULL, "220-hello\r\n220 there\r\n" }
#define ENVELOPE                                                                                   \
        { "MAIL FROM:<p@example.com>\r\n", "250 ok\r\n" },                                         \
                { "RCPT TO:<ada@example.com>\r\n", "250 ok\r\n" }, { "DATA\r\n", "354 go\r\n" }, { \
                "", "250 2.0.0 taken\r\n"                                                          \
        }

TEST(a_mail_is_sent) {
        static const Step steps[] = {
                GREETING, { "EHLO postal.example.com\r\n", "250 x\r\n" }, ENVELOPE, { 0 }
        };
        _cleanup_(buf_done) Buf seen = BUF_EMPTY;

        CHECK_INT(send_mail("", steps, &seen), 0);
        CHECK_STR(buf_string(&words), "");
        CHECK(strstr(seen.data, "\r\nFrom: \"P\" <p@example.com>\r\nTo: ada@example.com\r\n"));
        CHECK(strstr(seen.data, "\r\nSubject: A subject\r\n"));
        CHECK_STR(strstr(seen.data, "\r\n\r\n"),
                  "\r\n\r\nOne line\r\n..dot\r\n\r\nThe end\r\n.\r\nQUIT\r\n");
}

TEST(names_beyond_ascii_are_encoded) {
        static const Step steps[] = { GREETING, { "EHLO", "250 x\r\n" }, ENVELOPE, { 0 } };
        _cleanup_(buf_done) Buf seen = BUF_EMPTY;

        CHECK_INT(send_mail(", from_name: P\xc3\xb6st", steps, &seen), 0);
        CHECK(strstr(seen.data, "\r\nFrom: =?UTF-8?B?UMO2c3Q=?= <p@example.com>\r\n"));
}

#define SECRETS ", username: ada, password: tanstaaftanstaaf, authentication_type: "

TEST(the_client_authenticates) {
        static const Step plain[] = { GREETING,
                                      { "EHLO", "250-x\r\n250 AUTH PLAIN LOGIN\r\n" },
                                      { "AUTH PLAIN AGFkYQB0YW5zdGFhZnRhbnN0YWFm\r\n",
                                        "235 ok\r\n" },
                                      ENVELOPE,
                                      { 0 } };
        static const Step login[] = { GREETING,
                                      { "EHLO", "250-x\r\n250 AUTH=LOGIN\r\n" },
                                      { "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n" },
                                      { "YWRh\r\n", "334 UGFzc3dvcmQ6\r\n" },
                                      { "dGFuc3RhYWZ0YW5zdGFhZg==\r\n", "235 ok\r\n" },
                                      ENVELOPE,
                                      { 0 } };
        /* The challenge and the secret of RFC 2195. */
        static const Step cram[] = {
                GREETING,
                { "EHLO", "250-x\r\n250 AUTH CRAM-MD5\r\n" },
                { "AUTH CRAM-MD5\r\n",
                  "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n" },
                { "YWRhIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n", "235 ok\r\n" },
                ENVELOPE,
                { 0 }
        };

        CHECK_INT(send_mail(SECRETS "plain", plain, NULL), 0);
        CHECK_INT(send_mail(SECRETS "login", login, NULL), 0);
        CHECK_INT(send_mail(SECRETS "cram_md5", cram, NULL), 0);
}

TEST(refusals_are_told_in_the_servers_words) {
        static const Step busy[] = { { NULL, "421 too busy\r\n" }, { 0 } };
        static const Step relay[] = { GREETING,
                                      { "EHLO", "250 x\r\n" },
                                      { "MAIL", "250 ok\r\n" },
                                      { "RCPT", "550-5.7.1 no\r\n550 relaying\r\n" },
                                      { 0 } };
        static const Step password[] = {
                GREETING, { "EHLO", "250 AUTH PLAIN\r\n" }, { "AUTH PLAIN", "535 wrong\r\n" }, { 0 }
        };
        static const Step no_auth[] = { GREETING, { "EHLO", "250 x\r\n" }, { 0 } };
        static const Step other[] = { { NULL, "HTTP/1.1 400 Bad Request\r\n\r\n" }, { 0 } };

        CHECK_INT(send_mail("", busy, NULL), -EBADMSG);
        CHECK_STR(buf_string(&words), "The server refused the connection: 421 too busy");
        CHECK_INT(send_mail("", relay, NULL), -EBADMSG);
        CHECK_STR(buf_string(&words),
                  "The server refused the recipient: 550-5.7.1 no 550 relaying");
        CHECK_INT(send_mail(SECRETS "plain", password, NULL), -EBADMSG);
        CHECK_STR(buf_string(&words), "The server refused AUTH PLAIN: 535 wrong");
        CHECK(!strstr(buf_string(&words), "tanstaaf"));
        CHECK_INT(send_mail(SECRETS "plain", no_auth, NULL), -EBADMSG);
        CHECK(strstr(buf_string(&words), "does not offer authentication"));
        CHECK_INT(send_mail("", other, NULL), -EBADMSG);
        CHECK_STR(buf_string(&words), "The server does not talk SMTP.");
        CHECK_INT(send_mail(", enable_starttls: true", no_auth, NULL), -EBADMSG);
        CHECK(strstr(buf_string(&words), "smtp.enable_starttls"));
}

TEST(what_comes_before_tls_is_not_taken_for_what_comes_after) {
        static const Step steps[] = { GREETING,
                                      { "EHLO", "250 STARTTLS\r\n" },
                                      { "STARTTLS", "220 go\r\n250 injected\r\n" },
                                      { 0 } };

        CHECK_INT(send_mail("", steps, NULL), -EPROTO);
        CHECK(strstr(buf_string(&words), "before TLS began"));
}

TEST(a_server_that_is_silent_or_away) {
        _cleanup_(fixture_done) Fixture f;
        static const AppMail mail = { "ada@example.com", "A subject", "" };
        _cleanup_(buf_done) Buf yaml = BUF_EMPTY;
        uint64_t begin = clock_monotonic();
        int fd = socket_listen("127.0.0.1", 0);

        buf_printf(&yaml, "version: 2\nsmtp: { host: 127.0.0.1, port: %d }\n", socket_port(fd));
        fixture_load(&f, yaml.data, NULL);
        buf_reset(&words, 4096);
        CHECK_INT(app_mail_send(f.config, &mail, 200 * USEC_PER_MSEC, &words), -ETIMEDOUT);
        CHECK(clock_monotonic() - begin < 5 * USEC_PER_SEC);
        (void) close(fd);
        buf_reset(&words, 4096);
        CHECK_INT(app_mail_send(f.config, &mail, 5 * USEC_PER_SEC, &words), -ECONNREFUSED);
        CHECK(strstr(buf_string(&words), "Cannot connect to 127.0.0.1 port"));
}

TEST(addresses_cannot_end_the_command) {
        static const char *const bad[] = { "",      "ada",  "@x",          "ada@",
                                           "a b@x", "a@x>", "a@x\r\nDATA", "<a@x" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                CHECK(!app_mail_address_is_valid(bad[i]));
        CHECK(app_mail_address_is_valid("ada+tag@example.com"));
}
