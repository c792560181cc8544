/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/log.h"
#include "core/signal-file.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "model/ip-pool.h"
#include "model/store.h"
#include "smtp-server/committer.h"
#include "smtp-server/metrics.h"

/* Two transactions at once: while one waits for its disk, the other works. */
#define COMMIT_THREADS 2
#define COMMIT_QUEUE_MAX 10000
/* How long a batch waits for messages that are coming in. */
#define COMMIT_LINGER_USEC UINT64_C(1500)

/* Rows of one message: recipients that a single transaction may have. */
struct CommitItem {
        BatchItem item;
        Committer *committer;
        commit_done_t done;
        void *userdata;
        uint64_t start_usec;
        StoreMessage message;
        const HeaderCollector *headers;
        Buf subject;
        Buf message_id;
        Buf tag;
};

/* What a commit thread has. */
typedef struct CommitThread {
        Database *database;
        IpPools *ip_pools; /* NULL unless IP pools are in use */
} CommitThread;

struct Committer {
        const Config *config;
        Batcher *batcher;
        BatcherStatistics reported;
};

static void *thread_start(void *userdata) {
        Committer *c = userdata;
        CommitThread *t = calloc(1, sizeof(CommitThread));

        db_thread_init();
        if (!t || database_new(c->config, &t->database) < 0)
                abort(); /* at start, without memory */
        if (c->config->postal.use_ip_pools && !(t->ip_pools = ip_pools_new()))
                abort();
        return t;
}

static void thread_end(void *context) {
        CommitThread *t = context;

        ip_pools_free(t->ip_pools);
        database_free(t->database);
        db_thread_end();
        free(t);
}

/* What the columns want to know about the header. */
static void read_header(CommitItem *i) {
        Slice section = i->message.headers, value;
        size_t position = 0;

        if (header_subject(section, &i->subject))
                i->message.subject = buf_string(&i->subject);
        if (header_message_id(section, &i->message_id)) {
                Slice cut = utf8_truncate(buf_slice(&i->message_id), MESSAGE_TEXT_MAX);

                buf_truncate(&i->message_id, cut.size);
                i->message.message_id = buf_string(&i->message_id);
        }
        while (header_collector_next(i->headers, SLICE("X-Postal-Tag"), &position, &value)) {
                buf_reset(&i->tag, 0);
                utf8_repair(slice_trim(value), &i->tag);
        }
        if (i->tag.size > 0) {
                buf_truncate(&i->tag, utf8_truncate(buf_slice(&i->tag), MESSAGE_TEXT_MAX).size);
                i->message.tag = buf_string(&i->tag);
        }
}

/* Outgoing mail leaves by an address of its pool, chosen now (postal-core 5.7). */
static int choose_addresses(CommitThread *t, CommitItem *i) {
        for (size_t k = 0; k < i->message.recipient_count; k++) {
                StoreRecipient *to = &i->message.recipients[k];
                int r;

                if (to->scope != MESSAGE_OUTGOING)
                        continue;
                r = ip_pools_allocate(t->ip_pools, t->database->main, to->server_id, i->headers, to->rcpt_to,
                                      clock_monotonic(), &to->ip_address_id);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int run_batch(BatchItem *items[], size_t count, void *context) {
        CommitThread *t = context;
        StoreMessage *messages[BATCH_MAX];
        int r;

        for (size_t k = 0; k < count; k++) {
                CommitItem *i = container_of(items[k], CommitItem, item);

                if (!i->message.subject && !i->message.message_id)
                        read_header(i);
                r = t->ip_pools ? choose_addresses(t, i) : 0;
                if (r < 0)
                        return r;
                messages[k] = &i->message;
        }
        r = store_messages(t->database, messages, count);
        if (r < 0)
                log_warning(FIELDS(FIELD_ERRNO(r)), "Cannot store %zu messages: %s", count,
                            database_error(t->database));
        return r;
}

static CommitItem *item_free(CommitItem *i) {
        free(i->message.recipients);
        buf_done(&i->subject);
        buf_done(&i->message_id);
        buf_done(&i->tag);
        return mfree(i);
}

/* Of an error that will come again whenever this message is sent, and of one that may pass. */
static SmtpVerdict verdict_of(int r) {
        switch (r) {
        case 0:
                return SMTP_VERDICT_OK;
        case -EOVERFLOW:
        case -EILSEQ:
        case -EMSGSIZE:
                return SMTP_VERDICT_REFUSED;
        default:
                return SMTP_VERDICT_LATER;
        }
}

static void report_batches(Committer *c) {
        BatcherStatistics now;

        batcher_statistics(c->batcher, &now);
        if (now.batches == c->reported.batches)
                return;
        metric_add(smtp_metrics.batches, (double) (now.batches - c->reported.batches), NULL);
        metric_add(smtp_metrics.batch_messages, (double) (now.items - c->reported.items), NULL);
        metric_add(smtp_metrics.batch_seconds, (double) (now.run_usec - c->reported.run_usec) / 1e6, NULL);
        c->reported = now;
        (void) signal_file_touch(SIGNAL_FILE_WORK);
}

static void item_done(BatchItem *item, void *userdata) {
        CommitItem *i = container_of(item, CommitItem, item);
        const StoreRecipient *first = i->message.recipients;

        report_batches(userdata);
        metric_observe(smtp_metrics.store_seconds, (double) (clock_monotonic() - i->start_usec) / 1e6, NULL);
        if (item->result >= 0)
                log_info(FIELDS(FIELD_U64("POSTAL_SERVER", first->server_id),
                                FIELD_U64("POSTAL_MESSAGE", first->message_id),
                                FIELD_U64("POSTAL_DURATION_USEC", clock_monotonic() - i->start_usec)),
                         "Accepted message %s for %zu recipients", first->token, i->message.recipient_count);
        i->done(verdict_of(item->result), item->result >= 0 ? first->token : NULL, i->userdata);
        item_free(i);
}

int committer_new(sd_event *event, Reactor *reactor, const Config *config, Committer **ret) {
        _cleanup_(committer_freep) Committer *c = calloc(1, sizeof(Committer));
        int r;

        if (!c)
                return -ENOMEM;
        c->config = config;
        r = batcher_new(event, reactor,
                        &(BatcherOptions){ .name = "commit",
                                           .threads = COMMIT_THREADS,
                                           .queue_max = COMMIT_QUEUE_MAX,
                                           .linger_usec = COMMIT_LINGER_USEC,
                                           .run = run_batch,
                                           .done = item_done,
                                           .thread_start = thread_start,
                                           .thread_end = thread_end,
                                           .userdata = c },
                        &c->batcher);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

Committer *committer_free(Committer *c) {
        if (!c)
                return NULL;
        batcher_free(c->batcher);
        return mfree(c);
}

static int add_recipients(CommitItem *i, const SmtpRequest *request) {
        size_t count = 0, n = 0;

        for (size_t k = 0; k < request->recipient_count; k++)
                count += request->recipients[k].target_count;
        i->message.recipients = calloc(count, sizeof(StoreRecipient));
        if (!i->message.recipients)
                return -ENOMEM;
        for (size_t k = 0; k < request->recipient_count; k++)
                for (size_t j = 0; j < request->recipients[k].target_count; j++) {
                        const SmtpTarget *t = &request->recipients[k].targets[j];

                        i->message.recipients[n++] = (StoreRecipient){
                                .server_id = t->server_id,
                                .scope = t->is_incoming ? MESSAGE_INCOMING : MESSAGE_OUTGOING,
                                .rcpt_to = request->recipients[k].address,
                                .domain_id = t->domain_id,
                                .route_id = t->route_id,
                                .credential_id = t->credential_id,
                                .endpoint_id = t->endpoint_id,
                                .endpoint_type = t->endpoint_type,
                                .is_bounce = t->is_bounce,
                                .owns_body = t->owns_body,
                        };
                }
        i->message.recipient_count = count;
        return 0;
}

int committer_add(Committer *c, const SmtpRequest *request, bool received_with_tls, commit_done_t done, void *userdata) {
        CommitItem *i = calloc(1, sizeof(CommitItem));
        int r;

        if (!i)
                return -ENOMEM;
        i->committer = c;
        i->done = done;
        i->userdata = userdata;
        i->start_usec = clock_monotonic();
        i->headers = request->headers;
        i->message = (StoreMessage){
                .headers = header_collector_section(request->headers),
                .body = request->body,
                .size = request->size,
                .received_usec = clock_realtime(),
                .mail_from = request->mail_from,
                .received_with_tls = received_with_tls,
        };
        r = add_recipients(i, request);
        if (r >= 0)
                r = batcher_add(c->batcher, &i->item);
        if (r < 0)
                item_free(i);
        return r;
}

void committer_expect(Committer *c, size_t count) {
        batcher_expect(c->batcher, count);
}

size_t committer_load(const Committer *c) {
        return batcher_load(c->batcher);
}
