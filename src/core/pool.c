/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "core/pool.h"

struct Pool {
        PoolOptions options;
        pthread_mutex_t lock;
        pthread_cond_t wake;
        List waiting;    /* under lock */
        List finished;   /* under lock */
        size_t running;  /* under lock */
        bool is_ending;  /* under lock */
        int event_fd;
        sd_event_source *source;
        pthread_t *threads;
        unsigned thread_count;
};

static PoolJob *next_job(Pool *p) {
        PoolJob *job;

        pthread_mutex_lock(&p->lock);
        while (!p->waiting.first && !p->is_ending)
                pthread_cond_wait(&p->wake, &p->lock);
        job = LIST_ITEM(list_pop(&p->waiting), PoolJob, node);
        if (job)
                p->running++;
        pthread_mutex_unlock(&p->lock);
        return job;
}

static void finish_job(Pool *p, PoolJob *job) {
        bool is_first;

        pthread_mutex_lock(&p->lock);
        p->running--;
        is_first = !p->finished.first;
        list_append(&p->finished, &job->node);
        pthread_mutex_unlock(&p->lock);
        if (is_first)
                (void) eventfd_write(p->event_fd, 1);
}

static void *run_thread(void *userdata) {
        Pool *p = userdata;
        void *context = p->options.thread_start ? p->options.thread_start(p->options.userdata) : NULL;
        PoolJob *job;

        while ((job = next_job(p))) {
                job->run(job, context);
                finish_job(p, job);
        }
        if (p->options.thread_end)
                p->options.thread_end(context);
        return NULL;
}

static void call_done(Pool *p) {
        List finished;

        pthread_mutex_lock(&p->lock);
        finished = p->finished;
        p->finished = (List){ 0 };
        pthread_mutex_unlock(&p->lock);
        while (finished.first) {
                PoolJob *job = LIST_ITEM(list_pop(&finished), PoolJob, node);

                job->done(job);
        }
}

static int on_finished(_unused_ sd_event_source *s, int fd, _unused_ uint32_t revents, void *userdata) {
        eventfd_t count;

        (void) eventfd_read(fd, &count);
        call_done(userdata);
        return 0;
}

static int start_threads(Pool *p) {
        sigset_t all, old;
        int r = 0;

        p->threads = calloc(p->options.threads, sizeof(pthread_t));
        if (!p->threads)
                return -ENOMEM;
        /* Signals are for the loop's thread. */
        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, &old);
        for (unsigned i = 0; r == 0 && i < p->options.threads; i++) {
                char name[16];

                r = -pthread_create(&p->threads[i], NULL, run_thread, p);
                if (r < 0)
                        break;
                p->thread_count++;
                (void) snprintf(name, sizeof(name), "%.11s-%u", p->options.name, i + 1);
                (void) pthread_setname_np(p->threads[i], name);
        }
        (void) pthread_sigmask(SIG_SETMASK, &old, NULL);
        return r;
}

int pool_new(sd_event *event, const PoolOptions *options, Pool **ret) {
        _cleanup_(pool_freep) Pool *p = calloc(1, sizeof(Pool));
        int r;

        assert(event && options && options->threads > 0 && ret);

        if (!p)
                return -ENOMEM;
        p->options = *options;
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->wake, NULL);
        p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (p->event_fd < 0)
                return -errno;
        r = sd_event_add_io(event, &p->source, p->event_fd, EPOLLIN, on_finished, p);
        if (r < 0)
                return r;
        r = start_threads(p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

Pool *pool_free(Pool *p) {
        if (!p)
                return NULL;
        pthread_mutex_lock(&p->lock);
        p->is_ending = true;
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
        for (unsigned i = 0; i < p->thread_count; i++)
                (void) pthread_join(p->threads[i], NULL);
        call_done(p);
        sd_event_source_disable_unref(p->source);
        (void) safe_close(p->event_fd);
        free(p->threads);
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
        return mfree(p);
}

int pool_submit(Pool *p, PoolJob *job) {
        int r = 0;

        assert(job->run && job->done);

        pthread_mutex_lock(&p->lock);
        if (p->waiting.count >= p->options.queue_max || p->is_ending)
                r = -EAGAIN;
        else
                list_append(&p->waiting, &job->node);
        if (r >= 0)
                pthread_cond_signal(&p->wake);
        pthread_mutex_unlock(&p->lock);
        return r;
}

size_t pool_load(Pool *p) {
        size_t load;

        pthread_mutex_lock(&p->lock);
        load = p->waiting.count + p->running;
        pthread_mutex_unlock(&p->lock);
        return load;
}
