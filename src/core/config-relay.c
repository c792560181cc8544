/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include "core/config-relay.h"

static bool is_hex(char c) {
        c = ascii_to_lower(c);
        return ascii_is_digit(c) || (c >= 'a' && c <= 'f');
}

static unsigned hex_value(char c) {
        return ascii_is_digit(c) ? (unsigned) (c - '0') : (unsigned) (ascii_to_lower(c) - 'a' + 10);
}

/* RFC 3986 section 2: the characters that a URI is made of. */
static bool has_uri_characters(Slice text) {
        for (size_t i = 0; i < text.size; i++) {
                char c = text.data[i];

                if (c == '%') {
                        if (i + 2 >= text.size || !is_hex(text.data[i + 1]) ||
                            !is_hex(text.data[i + 2]))
                                return false;
                } else if (!ascii_is_alnum(c) &&
                           (c == '\0' || !strchr("-._~:/?#[]@!$&'()*+,;=", c)))
                        return false;
        }
        return true;
}

/* Section 3.1; takes the scheme and its colon off, if there is one. */
static void skip_scheme(Slice *rest) {
        size_t i = 0;

        if (rest->size == 0 || !ascii_is_alpha(rest->data[0]))
                return;
        while (i < rest->size && (ascii_is_alnum(rest->data[i]) || strchr("+-.", rest->data[i])))
                i++;
        if (i < rest->size && rest->data[i] == ':')
                *rest = slice_from(*rest, i + 1);
}

/* Section 3.2.2: an IPv6 address in brackets. Leaves the address in *ret and what follows in *rest.
 */
static int split_literal(Slice *rest, Slice *ret) {
        ssize_t end = slice_find_byte(*rest, ']', 0);
        char address[INET6_ADDRSTRLEN];
        struct in6_addr parsed;

        if (end < 1 || (size_t) end > sizeof(address))
                return -EINVAL;
        *ret = slice_first(slice_from(*rest, 1), (size_t) end - 1);
        memcpy(address, ret->data, ret->size);
        address[ret->size] = '\0';
        *rest = slice_from(*rest, (size_t) end + 1);
        return inet_pton(AF_INET6, address, &parsed) == 1 ? 0 : -EINVAL;
}

/* Section 3.2: [ userinfo "@" ] host [ ":" port ] */
static int parse_authority(Slice authority, Slice *ret_host, uint16_t *ret_port,
                           const char **reterr_text) {
        ssize_t at = slice_find_byte(authority, '@', 0);
        uint64_t port = SMTP_RELAY_PORT;

        if (at >= 0)
                authority = slice_from(authority, (size_t) at + 1);
        if (authority.size > 0 && authority.data[0] == '[') {
                if (split_literal(&authority, ret_host) < 0)
                        return -EINVAL;
                if (authority.size > 0 && authority.data[0] != ':')
                        return -EINVAL;
        } else {
                ssize_t colon = slice_find_byte(authority, ':', 0);
                size_t size = colon >= 0 ? (size_t) colon : authority.size;

                *ret_host = slice_first(authority, size);
                authority = slice_from(authority, size);
        }
        if (slice_find_byte(*ret_host, '[', 0) >= 0 || slice_find_byte(*ret_host, ']', 0) >= 0 ||
            slice_find_byte(*ret_host, '@', 0) >= 0)
                return -EINVAL;
        if (authority.size > 1 &&
            (slice_to_u64(slice_from(authority, 1), UINT16_MAX, &port) < 0 || port == 0)) {
                *reterr_text = "Its port is not a number from 1 to 65535.";
                return -EINVAL;
        }
        *ret_port = (uint16_t) port;
        return 0;
}

/* The value in a query, decoded as from a web form; NULL when memory is short. */
static char *decode(Arena *arena, Slice text) {
        char *copy = arena_dup(arena, text);
        size_t size = 0;

        if (!copy)
                return NULL;
        for (size_t i = 0; i < text.size; i++) {
                char c = text.data[i];

                if (c == '+')
                        c = ' ';
                else if (c == '%') {
                        c = (char) (hex_value(text.data[i + 1]) << 4 | hex_value(text.data[i + 2]));
                        i += 2;
                }
                copy[size++] = c;
        }
        copy[size] = '\0';
        return copy;
}

static char *find_ssl_mode(Arena *arena, Slice query) {
        while (query.size > 0) {
                Slice value = slice_split(&query, '&');
                Slice name = slice_split(&value, '=');

                if (value.data && slice_equal(name, SLICE("ssl_mode")))
                        return decode(arena, value);
        }
        return arena_dup(arena, SLICE(SMTP_RELAY_SSL_MODE));
}

int config_relay_parse(Arena *arena, const char *text, SmtpRelay *ret, const char **reterr_text) {
        Slice query = slice_from_string(text), rest, host;
        SmtpRelay relay;

        assert(arena);
        assert(text);
        assert(ret);
        assert(reterr_text);

        *reterr_text = "It is not of the form smtp://HOST:PORT?ssl_mode=MODE.";
        if (!has_uri_characters(query))
                return -EINVAL;
        query = slice_split(&query, '#');
        rest = slice_split(&query, '?');
        skip_scheme(&rest);
        if (!slice_starts_with_ignore_case(rest, SLICE("//")))
                return 0;
        rest = slice_from(rest, 2);
        if (parse_authority(slice_split(&rest, '/'), &host, &relay.port, reterr_text) < 0)
                return -EINVAL;
        if (host.size == 0) {
                *reterr_text = NULL;
                return 0;
        }
        relay.host = arena_dup(arena, host);
        relay.ssl_mode = find_ssl_mode(arena, query);
        if (!relay.host || !relay.ssl_mode)
                return -ENOMEM;
        *ret = relay;
        return 1;
}

bool config_relay_knows_ssl_mode(const char *ssl_mode) {
        static const char *const modes[] = { "", "Auto", "None", "STARTLS", "STARTTLS", "TLS" };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (streq(ssl_mode, modes[i]))
                        return true;
        return false;
}
