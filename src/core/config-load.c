/* SPDX-License-Identifier: MIT */
/* Finds the sources, asks each of them for each setting, and takes the first answer that means
 * something. */
#include <sys/stat.h>

#include "basic/hashmap.h"
#include "core/config-assign.h"
#include "core/config-dotenv.h"
#include "core/config-legacy.h"
#include "core/config-unknown.h"
#include "core/file.h"

typedef struct Loader {
        Config *config;
        ConfigReport *report;
        Arena tree; /* of the file */
        const ConfigNode *root;
} Loader;

static const char *lookup_process(_unused_ void *userdata, const char *name) {
        return getenv(name);
}

static char *keep(Config *config, const char *s) {
        return arena_dup(&config->arena, slice_from_string(s));
}

static ConfigPlace file_place(const Loader *l) {
        return (ConfigPlace){ .path = l->config->config_path };
}

/* Returns 1 when there is a file, 0 when not, or why that cannot be told. A directory is no file:
 * it is what containers put in the place of a file that was to be mounted and is missing. */
static int find_file(const char *path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        return !S_ISDIR(st.st_mode);
}

static int load_dotenv(Loader *l, const char *path) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        Config *config = l->config;
        int r;

        config->dotenv = hashmap_new();
        config->dotenv_path = keep(config, path ? path : CONFIG_DOTENV_PATH);
        if (!config->dotenv || !config->dotenv_path)
                return -ENOMEM;
        if (find_file(config->dotenv_path) <= 0)
                return 0;
        r = file_read(config->dotenv_path, DOTENV_SIZE_MAX, &text);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                errno = -r;
                config_report_add(l->report, CONFIG_WARNING,
                                  (ConfigPlace){ .path = config->dotenv_path },
                                  "This file cannot be read (%m) and has no effect. Correct its "
                                  "permissions, or remove it.");
                return 0;
        }
        return dotenv_parse(&config->arena, config->dotenv_path, buf_slice(&text), config->lookup,
                            config->userdata, l->report, config->dotenv);
}

/* The directory part, as dirname(3) has it, which may write into its argument. */
static int set_root(Config *config) {
        const char *path = config->config_path, *slash = strrchr(path, '/');
        Slice root = SLICE(".");

        if (slash)
                root = slice_first(slice_from_string(path), (size_t) (slash - path));
        if (slash && root.size == 0)
                root = SLICE("/");
        config->config_root = arena_dup(&config->arena, root);
        return config->config_root ? 0 : -ENOMEM;
}

static int find_path(Loader *l, const char *path) {
        const char *candidate = path;

        if (!candidate)
                candidate = config_variable(l->config, CONFIG_PATH_VARIABLE);
        if (!candidate || !*candidate)
                candidate = find_file(CONFIG_PATH_CONTAINER) != 0 ? CONFIG_PATH_CONTAINER
                                                                  : CONFIG_PATH_HOST;
        l->config->config_path = keep(l->config, candidate);
        return l->config->config_path ? set_root(l->config) : -ENOMEM;
}

/* Returns 1 when it was read, 0 when there is none. */
static int read_config_file(Loader *l, bool is_required, Buf *to) {
        const char *path = l->config->config_path;
        int r = is_required ? 1 : find_file(path);

        if (r == 0) {
                config_report_announce(l->report, CONFIG_INFO, "No configuration file found at %s",
                                       path);
                config_report_announce(l->report, CONFIG_INFO,
                                       "Only using environment variables for configuration");
                return 0;
        }
        if (r > 0)
                r = file_read(path, CONFIG_FILE_SIZE_MAX, to);
        if (r >= 0)
                return 1;
        if (r == -ENOMEM)
                return r;
        if (r == -EFBIG) {
                config_report_add(
                        l->report, CONFIG_ERROR, file_place(l),
                        "This file is larger than %zu bytes. Look whether it is the right file.",
                        CONFIG_FILE_SIZE_MAX);
                return -EINVAL;
        }
        errno = -r;
        config_report_add(l->report, CONFIG_ERROR, file_place(l),
                          "This file cannot be read (%m). Correct its name, or give the user that "
                          "Postal runs as permission to read it.");
        return -EINVAL;
}

static int refuse_version(Loader *l, const ConfigNode *node) {
        config_report_add(
                l->report, CONFIG_ERROR,
                (ConfigPlace){ l->config->config_path, node->line, node->column, "version" },
                "Invalid version specified in Postal config file. Must be 1 or 2. For a file with "
                "the settings of postal.yml(5), write \"version: 2\", without quotes around the "
                "number.");
        return -EINVAL;
}

static int read_version(Loader *l) {
        const ConfigNode *node = config_node_get(l->root, SLICE("version"));
        ConfigScalar scalar;
        double number;

        l->config->is_legacy = true;
        if (!node)
                return 0;
        if (node->kind != NODE_SCALAR)
                return refuse_version(l, node);
        scalar = config_node_scalar(node);
        if (scalar.kind == SCALAR_NULL || (scalar.kind == SCALAR_BOOLEAN && !scalar.boolean))
                return 0;
        if (scalar.kind != SCALAR_INTEGER && scalar.kind != SCALAR_FLOAT)
                return refuse_version(l, node);
        number = scalar.kind == SCALAR_INTEGER ? (double) scalar.integer : scalar.number;
        l->config->is_legacy = number < 1.5;
        if (!(number >= 1.0 && number <= 1.0) && !(number >= 2.0 && number <= 2.0))
                return refuse_version(l, node);
        return 0;
}

static int parse_config_file(Loader *l, Slice text) {
        ConfigNode *root;
        int r;

        config_report_announce(l->report, CONFIG_INFO, "Loading config from %s",
                               l->config->config_path);
        r = config_yaml_parse(&l->tree, l->config->config_path, text, l->report, &root);
        if (r < 0)
                return r;
        l->root = root;
        l->config->has_file = true;
        r = read_version(l);
        if (r < 0)
                return r;
        if (l->config->is_legacy) {
                config_report_announce(
                        l->report, CONFIG_WARNING, "%s",
                        "WARNING: Using legacy config file format. Upgrade your postal.yml to use\n"
                        "version 2 of the Postal configuration or configure using environment\n"
                        "variables. See https://docs.postalserver.io/config-v2 for details.");
                config_report_unknown_legacy(root, l->config->config_path, l->report);
        } else
                config_report_unknown(root, l->config->config_path, l->report);
        return 0;
}

/* The offer of the environment, or of the .env file. */
static int ask_environment(Loader *l, const ConfigKey *key) {
        Config *config = l->config;
        _cleanup_(buf_done) Buf source = BUF_EMPTY;
        char name[CONFIG_ENV_NAME_MAX];
        ConfigOffer offer = { .spot.kind = CONFIG_ORIGIN_ENVIRONMENT };

        config_key_env_name(key, name);
        offer.text = config->lookup(config->userdata, name);
        if (!offer.text) {
                offer.spot.kind = CONFIG_ORIGIN_DOTENV;
                offer.text = hashmap_get(config->dotenv, slice_from_string(name));
        }
        if (!offer.text)
                return 0;
        buf_printf(&source, "environment variable %s", name);
        if (offer.spot.kind == CONFIG_ORIGIN_DOTENV)
                buf_printf(&source, " in %s", config->dotenv_path);
        offer.spot.source = buf_error(&source) < 0 ? NULL : keep(config, buf_string(&source));
        if (!offer.spot.source)
                return -ENOMEM;
        return config_assign(config, key, &offer, l->report);
}

static int ask_file(Loader *l, const ConfigKey *key) {
        bool is_legacy = l->config->is_legacy;
        ConfigOffer offer = {
                .spot.kind = is_legacy ? CONFIG_ORIGIN_LEGACY : CONFIG_ORIGIN_FILE,
                .spot.source = l->config->config_path,
        };
        int r;

        if (!l->root)
                return 0;
        if (is_legacy) {
                r = config_legacy_find(&l->tree, l->root, key, &offer.node);
                if (r < 0)
                        return r;
        } else
                offer.node =
                        config_node_get(config_node_get(l->root, slice_from_string(key->group)),
                                        slice_from_string(key->name));
        if (!offer.node)
                return 0;
        offer.spot.line = offer.node->line;
        offer.spot.column = offer.node->column;
        return config_assign(l->config, key, &offer, l->report);
}

static int assign_default(Loader *l, const ConfigKey *key) {
        const ConfigOffer offer = {
                .spot.kind = CONFIG_ORIGIN_DEFAULT,
                .text = strempty(key->initial),
        };

        return config_assign(l->config, key, &offer, l->report);
}

static int assign_all(Loader *l) {
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];
                int r;

                r = ask_environment(l, key);
                if (r == 0)
                        r = ask_file(l, key);
                if (r == 0)
                        r = assign_default(l, key);
                if (r < 0)
                        return r;
                assert(r == 1);
        }
        return 0;
}

/* The common part; `text` is the content of the file, or NULL to find and read it. */
static int load(Loader *l, const ConfigSources *sources, const Slice *text) {
        _cleanup_(buf_done) Buf content = BUF_EMPTY;
        Config *config = l->config;
        const char *silence;
        int r;

        config->lookup = sources->lookup ? sources->lookup : lookup_process;
        config->userdata = sources->userdata;
        config->origins = arena_alloc0(&config->arena, config_key_count * sizeof(ConfigOrigin));
        if (!config->origins)
                return -ENOMEM;
        r = load_dotenv(l, sources->dotenv_path);
        if (r < 0)
                return r;
        silence = config_variable(config, CONFIG_SILENCE_VARIABLE);
        l->report->is_silenced = silence && streq(silence, "true");

        r = find_path(l, sources->path);
        if (r < 0)
                return r;
        if (text)
                r = parse_config_file(l, *text);
        else {
                r = read_config_file(l, sources->path != NULL, &content);
                if (r > 0)
                        r = parse_config_file(l, buf_slice(&content));
        }
        if (r < 0)
                return r;
        r = assign_all(l);
        if (r < 0)
                return r;
        if (l->report->error < 0)
                return l->report->error;
        return l->report->totals[CONFIG_ERROR] > 0 ? -EINVAL : 0;
}

static int load_into_new(const ConfigSources *sources, const Slice *text, Config **ret,
                         ConfigReport *report) {
        _cleanup_(config_freep) Config *config = NULL;
        Loader l = { .report = report };
        int r;

        assert(sources);
        assert(ret);
        assert(report);

        config = calloc(1, sizeof(Config));
        if (!config)
                return -ENOMEM;
        l.config = config;
        r = load(&l, sources, text);
        arena_done(&l.tree);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(config);
        return 0;
}

int config_load(const ConfigSources *sources, Config **ret, ConfigReport *report) {
        return load_into_new(sources, NULL, ret, report);
}

int config_load_text(const ConfigSources *sources, Slice text, Config **ret, ConfigReport *report) {
        assert(sources->path);

        return load_into_new(sources, &text, ret, report);
}
