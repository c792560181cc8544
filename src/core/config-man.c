/* SPDX-License-Identifier: MIT */
/* Writes the manual page postal.yml(5) from the table of settings. Runs while building, so it uses
 * nothing but the table. */
#include "core/config-table.h"

static void put_char(char c, bool is_line_start) {
        switch (c) {
        case '\\':
                fputs("\\e", stdout);
                break;
        case '-':
                fputs("\\-", stdout);
                break;
        case '\'':
                fputs("\\(aq", stdout);
                break;
        case '.':
                /* At the start of a line it would begin a request. */
                fputs(is_line_start ? "\\&." : ".", stdout);
                break;
        default:
                putchar(c);
        }
}

/* Text as it is, with each sentence on a line of its own, as roff wants it. */
static void put_text(const char *text) {
        for (const char *p = text; *p; p++) {
                put_char(*p, p == text || p[-1] == '\n');
                if (*p == '.' && p[1] == ' ' && p[2] >= 'A' && p[2] <= 'Z') {
                        putchar('\n');
                        p++;
                }
        }
}

static void put_bold(const char *text) {
        fputs("\\fB", stdout);
        put_text(text);
        fputs("\\fP", stdout);
}

static void put_choices(const char *choices) {
        fputs("; one of ", stdout);
        for (const char *p = choices; *p; p++)
                if (*p == '|')
                        fputs(", ", stdout);
                else
                        put_char(*p, false);
}

static void put_key(const ConfigKey *key) {
        char env_name[CONFIG_ENV_NAME_MAX], range[80];

        puts(".TP");
        put_bold(key->name);
        printf("\n%s", config_type_to_string(key->type));
        if (key->type == CONFIG_INTEGER) {
                (void) snprintf(range, sizeof(range), " from %lld to %lld", (long long) key->min,
                                (long long) key->max);
                put_text(range);
        }
        if (key->choices)
                put_choices(key->choices);
        if (!key->initial || !*key->initial)
                fputs(key->initial ? "; empty by default" : "; not set by default", stdout);
        else {
                fputs("; default ", stdout);
                put_bold(key->initial);
        }
        fputs("; variable ", stdout);
        put_text(config_key_env_name(key, env_name));
        puts(".\n.br");
        put_text(key->description);
        if (key->flags & CONFIG_OURS)
                fputs("\nUnknown to Ruby Postal, which ignores it.", stdout);
        putchar('\n');
}

static void put_groups(void) {
        puts(".SH SETTINGS");
        for (size_t i = 0; i < config_group_count; i++) {
                printf(".SS %s\n", config_groups[i].name);
                put_text(config_groups[i].description);
                putchar('\n');
                for (size_t j = 0; j < config_key_count; j++)
                        if (streq(config_keys[j].group, config_groups[i].name))
                                put_key(&config_keys[j]);
        }
}

static void put_legacy(void) {
        puts(".SH LEGACY FORMAT\n"
             "A file with \\fBversion: 1\\fP, or without version, is of the format before Postal "
             "3.\n"
             "It is still read, with these names.\n"
             "What is empty there has the default given above.\n"
             "All other settings can only be set by the environment.\n"
             ".PP\n"
             ".nf");
        for (size_t i = 0; i < config_key_count; i++)
                if (config_keys[i].legacy) {
                        put_bold(config_keys[i].legacy);
                        fputs(" is ", stdout);
                        put_text(config_keys[i].path);
                        putchar('\n');
                }
        puts(".fi\n"
             ".PP\n"
             "The entries of \\fBsmtp_relays\\fP there have the keys hostname, port and ssl_mode.");
}

static const char head[] =
        ".TH POSTAL.YML 5 \"\" \"postal\"\n"
        /* The names of variables must not be broken. */
        ".nh\n"
        ".ad l\n"
        ".SH NAME\n"
        "postal.yml \\- configuration of the mail delivery platform postal\n"
        ".SH SYNOPSIS\n"
        ".I /etc/postal/postal.yml\n"
        ".SH DESCRIPTION\n"
        "The file is YAML: groups of settings, indented by spaces, below the line \\fBversion: "
        "2\\fP.\n"
        "Aliases and tags are not allowed, and a second document is not read.\n"
        "Each setting takes its value from the first of these that has one:\n"
        ".IP 1. 4\n"
        "the environment variable that is named with it below,\n"
        ".IP 2. 4\n"
        "the same variable in the file \\fI.env\\fP in the working directory, with lines "
        "NAME=value,\n"
        ".IP 3. 4\n"
        "this file,\n"
        ".IP 4. 4\n"
        "the default.\n"
        ".PP\n"
        "\\fBpostal config show\\fP shows all values and where they come from,\n"
        "\\fBpostal config check\\fP looks for mistakes.\n"
        "What is not a setting has no effect but a warning.\n"
        ".SS Values\n"
        "YAML gives plain words and numbers a type: yes and on are true, 017 is fifteen.\n"
        "Put text that looks like this, such as passwords, in quotes.\n"
        "Of quoted text and of environment variables, only true, 1 and 1.0 mean true.\n"
        "Lists are written as lists, in environment variables with commas between the elements.\n"
        "An empty value means that the setting has none where that makes sense, false for a "
        "boolean,\n"
        "and else counts as not given.\n"
        "A number out of range counts as not given, with a warning.\n"
        "In paths, \\fB$config\\-file\\-root\\fP stands for the directory of this file.\n";

static const char tail[] =
        ".SH ENVIRONMENT\n"
        ".TP\n"
        ".B POSTAL_CONFIG_FILE_PATH\n"
        "The configuration file.\n"
        "Where it is not set, \\fI/config/postal.yml\\fP and \\fI/etc/postal/postal.yml\\fP are "
        "tried.\n"
        "Without a file, the environment alone counts.\n"
        ".TP\n"
        ".B SILENCE_POSTAL_CONFIG_MESSAGES\n"
        "With \\fBtrue\\fP, nothing but errors is said about the configuration.\n"
        ".TP\n"
        ".B PORT\\fR, \\fPBIND_ADDRESS\n"
        "Port and address of the web server or the SMTP server, in place of the settings.\n"
        ".TP\n"
        ".B HEALTH_SERVER_PORT\\fR, \\fPHEALTH_SERVER_BIND_ADDRESS\n"
        "Port and address for health checks and metrics of the SMTP server or a worker, in place "
        "of the\n"
        "settings.\n"
        ".SH SEE ALSO\n"
        ".BR postal (1)\n";

int main(void) {
        fputs(head, stdout);
        put_groups();
        put_legacy();
        fputs(tail, stdout);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
