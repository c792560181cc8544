/* SPDX-License-Identifier: MIT */
#include "core/config-report.h"
#include "test.h"

static const ConfigPlace here = { "postal.yml", 3, 5, "smtp_server.default_port" };

TEST(findings_are_formatted_with_what_they_have) {
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        config_report_add(&report, CONFIG_ERROR, here, "It is %d.", 5);
        config_report_add(&report, CONFIG_WARNING, (ConfigPlace){ .path = "postal.yml" }, "Empty.");
        config_report_add(&report, CONFIG_INFO, (ConfigPlace){ .key = "dns.timeout" }, "Long.");
        config_report_announce(&report, CONFIG_INFO, "Loading config from %s", "x");
        config_report_format(&report, CONFIG_INFO, &text);
        CHECK_STR(buf_string(&text), "postal.yml:3:5: error: smtp_server.default_port: It is 5.\n"
                                     "postal.yml: warning: Empty.\n"
                                     "info: dns.timeout: Long.\n");
        CHECK_INT(report.totals[CONFIG_ERROR], 1);
        CHECK_INT(report.totals[CONFIG_WARNING], 1);
        CHECK_INT(report.totals[CONFIG_INFO], 2);

        buf_reset(&text, 0);
        config_report_format_announcements(&report, &text);
        CHECK_STR(buf_string(&text), "Loading config from x\n");

        buf_reset(&text, 0);
        config_report_format(&report, CONFIG_ERROR, &text);
        CHECK_STR(buf_string(&text), "postal.yml:3:5: error: smtp_server.default_port: It is 5.\n");
}

TEST(the_same_finding_again_only_gets_graver) {
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;

        config_report_add(&report, CONFIG_WARNING, here, "Same.");
        config_report_add(&report, CONFIG_ERROR, here, "Same.");
        config_report_add(&report, CONFIG_INFO, here, "Same.");
        CHECK_INT(report.count, 1);
        CHECK_INT(report.findings[0].severity, CONFIG_ERROR);
        CHECK_INT(report.totals[CONFIG_WARNING], 0);
        CHECK_INT(report.totals[CONFIG_ERROR], 1);

        config_report_add(&report, CONFIG_WARNING, (ConfigPlace){ "postal.yml", 3, 6, here.key },
                          "Same.");
        config_report_add(&report, CONFIG_WARNING, (ConfigPlace){ "postal.yml", 3, 5, "x.y" },
                          "Same.");
        CHECK_INT(report.count, 3);
}

TEST(texts_reach_no_terminal_with_control_characters) {
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;

        config_report_add(&report, CONFIG_INFO, here, "a\033[31mb\rc\td\x7f\ne\xc2\233f\xc3\xa9");
        CHECK_STR(report.findings[0].text, "a?[31mb?c?d?\ne??f\xc3\xa9");
}

TEST(long_texts_are_cut_between_characters) {
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        char text[3001];

        for (size_t i = 0; i + 2 < sizeof(text); i += 3)
                memcpy(text + i, "\xe2\x82\xac", 3);
        text[3000] = '\0';
        config_report_add(&report, CONFIG_INFO, here, "%s", text);
        CHECK_INT(strlen(report.findings[0].text), 999 + 3);
        CHECK_STR(report.findings[0].text + 999, "...");
}

TEST(a_full_list_counts_on_and_still_shows_errors) {
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        for (unsigned i = 0; i < CONFIG_FINDINGS_MAX + 50; i++)
                config_report_add(&report, CONFIG_WARNING, here, "Number %u.", i);
        config_report_add(&report, CONFIG_ERROR, here, "Grave.");
        CHECK_INT(report.count, CONFIG_FINDINGS_MAX);
        CHECK_INT(report.totals[CONFIG_WARNING], CONFIG_FINDINGS_MAX + 50);
        CHECK_INT(report.totals[CONFIG_ERROR], 1);
        CHECK_STR(report.findings[CONFIG_FINDINGS_MAX - 1].text, "Grave.");
        config_report_format(&report, CONFIG_ERROR, &text);
        CHECK(strstr(buf_string(&text), "\n51 more findings are left out") != NULL);
}
