/* SPDX-License-Identifier: MIT */
/* The input is the configuration file, or, when it begins with "#env\n", a .env file. Whatever
 * loads is shown and checked, with a file system that says no, or hands the input out for every
 * file. */
#include <sys/mman.h>

#include "core/config-check.h"
#include "core/config-dotenv.h"
#include "core/config-show.h"

#include "basic/hashmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup_nothing(_unused_ void *userdata, const char *name) {
        return streq(name, "HOME") ? "/root" : NULL;
}

static int fake_stat(void *userdata, _unused_ const char *path, struct stat *ret) {
        *ret = (struct stat){ .st_mode = S_IFREG | 0666 };
        return userdata ? 0 : -ENOENT;
}

static int fake_open(void *userdata, _unused_ const char *path) {
        const Slice *content = userdata;
        int fd = memfd_create("fuzz", MFD_CLOEXEC);

        if (fd < 0 || write(fd, content->data, content->size) != (ssize_t) content->size ||
            lseek(fd, 0, SEEK_SET) < 0)
                abort();
        return fd;
}

/* What the header of Config promises of every one that loads. */
static void assert_promises(const Config *config) {
        if (!config->config_path || !config->config_root || !config->main_db.host ||
            !config->postal.smtp_relays || !config->dns.mx_records || !config->logging.level ||
            config->smtp_server.default_port < 1 || config->smtp_server.default_port > 65535 ||
            config->worker.threads < 1)
                abort();
        for (size_t i = 0; i < config->postal.relay_count; i++)
                if (!*config->postal.relays[i].host || config->postal.relays[i].port == 0)
                        abort();
        if (config->postal.trusted_proxies[0] && config->postal.trusted_proxy_network_count == 0)
                abort();
}

static void fuzz_file(Slice text) {
        const ConfigSources sources = { .path = "/config/postal.yml",
                                        .dotenv_path = "",
                                        .lookup = lookup_nothing };
        const ConfigFs nothing = { fake_stat, fake_open, NULL };
        const ConfigFs anything = { fake_stat, fake_open, &text };
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(buf_done) Buf shown = BUF_EMPTY;
        int r;

        r = config_load_text(&sources, text, &config, &report);
        if (r == -EINVAL && report.totals[CONFIG_ERROR] == 0)
                abort();
        if ((r >= 0) != (config != NULL))
                abort();
        if (config) {
                assert_promises(config);
                config_show_text(config, &shown);
                config_show_json(config, &shown);
                (void) config_check(config, &nothing, &report);
                (void) config_check(config, &anything, &report);
        }
        config_report_format_announcements(&report, &shown);
        config_report_format(&report, CONFIG_INFO, &shown);
}

static void fuzz_dotenv(Slice text) {
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        _cleanup_(hashmap_freep) Hashmap *variables = hashmap_new();
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;

        if (variables)
                (void) dotenv_parse(&arena, ".env", text, lookup_nothing, NULL, &report, variables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const Slice text = slice_make(data, size), env = SLICE("#env\n");

        if (slice_starts_with_ignore_case(text, env))
                fuzz_dotenv(slice_from(text, env.size));
        else
                fuzz_file(text);
        return 0;
}
