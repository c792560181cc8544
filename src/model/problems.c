/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include "basic/slice.h"
#include "model/problems.h"

#define COLUMN_CHARACTERS_MAX 255

void problems_done(Problems *p) {
        for (size_t i = 0; i < p->count; i++)
                free(p->texts[i]);
        free(p->texts);
        *p = PROBLEMS_EMPTY;
}

void problems_add(Problems *p, const char *format, ...) {
        char **texts = realloc(p->texts, (p->count + 1) * sizeof(*texts));
        va_list ap;
        int r;

        if (!texts) {
                p->error = -ENOMEM;
                return;
        }
        p->texts = texts;
        va_start(ap, format);
        r = vasprintf(&texts[p->count], format, ap);
        va_end(ap);
        if (r < 0)
                p->error = -ENOMEM;
        else
                p->count++;
}

bool problems_check_presence(Problems *p, const char *label, const char *value) {
        if (slice_trim(slice_from_string(value)).size > 0)
                return true;
        problems_add(p, "%s can't be blank", label);
        return false;
}

bool problems_check_length(Problems *p, const char *label, const char *value) {
        size_t characters = 0;

        for (const char *c = strempty(value); *c; c++)
                characters += ((unsigned char) *c & 0xC0) != 0x80;
        if (characters <= COLUMN_CHARACTERS_MAX)
                return true;
        problems_add(p, "%s is too long (maximum is %d characters)", label, COLUMN_CHARACTERS_MAX);
        return false;
}
