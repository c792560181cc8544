/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"
#include "core/health.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/mhd-loop.h"
#include "core/socket.h"

#define HEALTH_CONNECTIONS_MAX 16u
#define HEALTH_TIMEOUT_SEC 10u
#define HEALTH_MEMORY_MAX ((size_t) 8192)

struct Health {
        const char *name;
        struct MHD_Daemon *daemon;
        MhdLoop *loop;
};

static enum MHD_Result respond(struct MHD_Connection *c, unsigned status, Slice body) {
        struct MHD_Response *response =
                MHD_create_response_from_buffer(body.size, (void *) body.data, MHD_RESPMEM_MUST_COPY);
        enum MHD_Result r;

        if (!response)
                return MHD_NO;
        (void) MHD_add_response_header(response, "Content-Type", "text/plain");
        r = MHD_queue_response(c, status, response);
        MHD_destroy_response(response);
        return r;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *c, const char *path,
                                  _unused_ const char *method, _unused_ const char *version,
                                  _unused_ const char *upload, size_t *upload_size, void **state) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        Health *h = userdata;
        char host[256] = "";

        /* The first call has the header only; bodies are read and thrown away. */
        if (!*state) {
                *state = h;
                return MHD_YES;
        }
        if (*upload_size > 0) {
                *upload_size = 0;
                return MHD_YES;
        }
        if (streq(path, "/health"))
                return respond(c, MHD_HTTP_OK, SLICE("OK"));
        if (streq(path, "/metrics")) {
                metrics_write(&text);
                return respond(c, MHD_HTTP_OK, buf_slice(&text));
        }
        if (streq(path, "/")) {
                if (gethostname(host, sizeof(host) - 1) < 0)
                        (void) snprintf(host, sizeof(host), "unknown-hostname");
                buf_printf(&text, "%s (pid: %d, host: %s)", h->name, (int) getpid(), host);
                return respond(c, MHD_HTTP_OK, buf_slice(&text));
        }
        return respond(c, MHD_HTTP_NOT_FOUND, SLICE("Not Found"));
}

int health_new(sd_event *event, const char *name, const char *address, unsigned port, Health **ret) {
        _cleanup_(health_freep) Health *h = NULL;
        int fd, r;

        *ret = NULL;
        if (port == 0)
                return 0;
        fd = socket_listen(address, port);
        if (fd == -EADDRINUSE) {
                log_info(NO_FIELDS,
                         "health server port (%s:%u) is already in use, not starting health server",
                         address, port);
                return 0;
        }
        if (fd < 0) {
                log_warning(FIELDS(FIELD_ERRNO(fd)), "Cannot listen for health requests on %s:%u: %s",
                            address, port, strerror(-fd));
                return 0;
        }
        h = calloc(1, sizeof(Health));
        if (!h) {
                (void) safe_close(fd);
                return -ENOMEM;
        }
        h->name = name;
        h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, h,
                                     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                                     HEALTH_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                                     HEALTH_TIMEOUT_SEC, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                     HEALTH_MEMORY_MAX, MHD_OPTION_END);
        if (!h->daemon) {
                (void) safe_close(fd);
                return -ENOMEM;
        }
        r = mhd_loop_new(event, h->daemon, &h->loop);
        if (r < 0)
                return r;
        log_info(NO_FIELDS, "started health server on port %u", port);
        *ret = TAKE_PTR(h);
        return 0;
}

Health *health_free(Health *h) {
        if (!h)
                return NULL;
        mhd_loop_free(h->loop);
        if (h->daemon)
                MHD_stop_daemon(h->daemon);
        return mfree(h);
}
