/* SPDX-License-Identifier: MIT */
#pragma once

/* A link to the database server that breaks at a chosen moment: a unix socket in front of the
 * server's own, with a thread that passes on what is said. */

#include "db/db.h"

typedef enum Fault {
        FAULT_NONE,
        FAULT_COMMIT_LOST, /* the next COMMIT does not reach the server */
        FAULT_ANSWER_LOST, /* the next COMMIT does, and is done; its answer is lost */
} Fault;

/* A connection over the link to the database of this program. The link ends with the program. */
Db *faulty_link_connect(void);
/* What goes wrong next, on any connection; once, and then all is well again. */
void faulty_link_set(Fault fault);
/* The largest packet that went to the server since this was asked last. */
size_t faulty_link_largest_packet(void);
