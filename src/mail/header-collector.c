/* SPDX-License-Identifier: MIT */

/* Feeding only looks for the empty line and keeps the bytes before it. The fields are made in one
 * go at the end: values that are not folded point into the kept bytes' copy in `values`, which is
 * as large as all of them together from the start and so never moves. */

#include "mail/header-collector.h"

void header_collector_done(HeaderCollector *c) {
        buf_done(&c->section);
        buf_done(&c->values);
        free(c->fields);
        *c = HEADER_COLLECTOR_EMPTY;
}

size_t header_collector_feed(HeaderCollector *c, Slice content) {
        size_t at = c->section.size;

        if (c->is_complete || c->is_too_large)
                return 0;
        /* Some more than the limit, because the empty line may be within this piece. */
        buf_append(&c->section, content.data,
                   MIN(content.size, HEADER_COLLECTOR_SIZE_MAX + 1 - c->section.size));
        for (size_t from = at;;) {
                ssize_t end = slice_find_byte(buf_slice(&c->section), '\n', from);
                size_t size;

                if (end < 0)
                        break;
                size = (size_t) end - c->line_start;
                if (size == 0 || (size == 1 && c->section.data[c->line_start] == '\r')) {
                        buf_truncate(&c->section, c->line_start);
                        c->is_complete = true;
                        return (size_t) end + 1 - at;
                }
                from = c->line_start = (size_t) end + 1;
        }
        c->is_too_large = c->section.size > HEADER_COLLECTOR_SIZE_MAX;
        return content.size;
}

Slice header_collector_section(const HeaderCollector *c) {
        Slice s = buf_slice(&c->section);

        if (!c->is_complete)
                return s;
        if (s.size > 0 && s.data[s.size - 1] == '\n')
                s.size--;
        if (s.size > 0 && s.data[s.size - 1] == '\r')
                s.size--;
        return s;
}

static int add_field(HeaderCollector *c, Slice line, size_t *space) {
        Slice rest = line, name = slice_split(&rest, ':');
        CollectedField *field;

        if (c->count == HEADER_COLLECTOR_FIELDS_MAX) {
                c->is_too_large = true;
                return 0;
        }
        if (c->count == *space) {
                size_t more = MAX(*space * 2, (size_t) 32);
                CollectedField *fields = realloc(c->fields, more * sizeof(CollectedField));

                if (!fields)
                        return -ENOMEM;
                c->fields = fields;
                *space = more;
        }
        while (name.size > 0 && ascii_is_space(name.data[name.size - 1]))
                name.size--;
        while (rest.size > 0 && ascii_is_space(rest.data[0]))
                rest = slice_from(rest, 1);
        field = &c->fields[c->count++];
        *field = (CollectedField){ .name = name };
        if (rest.data) {
                field->value = slice_make(c->values.data + c->values.size, rest.size);
                buf_append_slice(&c->values, rest);
        }
        return 0;
}

/* A line without its end, and without a CR in it. */
static int add_line(HeaderCollector *c, Slice line, size_t *space) {
        Slice *value;

        if (line.size == 0)
                return 0; /* between two CRs */
        if (!ascii_is_space(line.data[0]))
                return add_field(c, line, space);
        value = c->count > 0 ? &c->fields[c->count - 1].value : NULL;
        if (value && value->data) {
                buf_append_slice(&c->values, line);
                value->size += line.size;
        }
        return 0;
}

int header_collector_finish(HeaderCollector *c) {
        Slice rest = buf_slice(&c->section);
        size_t space = 0;
        int r;

        assert(!c->fields);

        if (!buf_reserve(&c->values, c->section.size) || buf_error(&c->section) < 0)
                return -ENOMEM;
        while (rest.size > 0 && !c->is_too_large) {
                Slice line = slice_split(&rest, '\n');

                while (line.size > 0 && !c->is_too_large) {
                        r = add_line(c, slice_split(&line, '\r'), &space);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

bool header_collector_next(const HeaderCollector *c, Slice name, size_t *position, Slice *ret) {
        while (*position < c->count) {
                const CollectedField *field = &c->fields[(*position)++];

                if (slice_equal_ignore_case(field->name, name)) {
                        *ret = field->value;
                        return true;
                }
        }
        return false;
}

unsigned header_count_received_by(const HeaderCollector *c, Slice hostname) {
        static const char BY[] = "by ";
        unsigned count = 0;
        size_t position = 0;
        Slice value;

        while (header_collector_next(c, SLICE("Received"), &position, &value)) {
                Slice rest = value;
                const char *by;

                while (rest.size > 0 && (by = memmem(rest.data, rest.size, BY, strlen(BY)))) {
                        rest = slice_from(rest, (size_t) (by - rest.data) + strlen(BY));
                        if (rest.size < hostname.size ||
                            !slice_equal(slice_first(rest, hostname.size), hostname))
                                continue;
                        count++;
                        break;
                }
        }
        return count;
}
