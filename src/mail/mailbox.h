/* SPDX-License-Identifier: MIT */
#pragma once

/* The mailboxes of an address header field: From, To, Cc, Reply-To, Sender (RFC 5322 section
 * 3.4). */

#include "basic/arena.h"

/* Limits of what is read; what is beyond them is left out and `is_truncated` set. */
#define MAILBOX_LIST_MAX 1000
#define MAILBOX_FIELD_MAX (256 * 1024)

/* All slices are in the arena. */
typedef struct Mailbox {
        Slice name;    /* display name in UTF-8, decoded and unquoted; empty without one */
        Slice address; /* local@domain without white space and comments; a local part that needs its
                        * quotes keeps them */
        Slice local;   /* its two parts */
        Slice domain;
        struct Mailbox *next;
} Mailbox;

typedef struct MailboxList {
        Mailbox *first;
        size_t count;
        size_t invalid;    /* how many elements of the list were no mailbox and are left out */
        bool is_truncated; /* a limit was passed */
} MailboxList;

/* Parses the value of a field, folded or not. Groups are replaced by their members. Besides the
 * grammar of RFC 5322 with its obsolete forms (section 4.4: routes, spaces around dots, empty list
 * elements) this accepts 8-bit text (RFC 6532), encoded words in names, within quotes too, and
 * takes a comment behind a bare address as its name. Never fails but with -ENOMEM. */
int mailbox_list_parse(Arena *arena, Slice value, MailboxList *ret);
