/* SPDX-License-Identifier: MIT */
/* Bytes are read one by one, so that nothing of the next answer is taken from the terminal while it
 * would still be shown there. */
#include <signal.h>
#include <termios.h>

#include "cli/prompt.h"

#define KEY_BACKSPACE 8
#define KEY_DELETE 127
#define KEY_ERASE_LINE 21 /* Ctrl-U */
#define KEY_END 4         /* Ctrl-D */

static volatile sig_atomic_t is_interrupted;
static bool is_asking;
static struct sigaction previous; /* of SIGINT, while is_asking */

static void interrupt(int number) {
        (void) number;
        is_interrupted = 1;
}

typedef struct Answer {
        char *text;
        size_t size;
        bool is_masked;
} Answer;

static bool is_continuation(char c) {
        return ((unsigned char) c & 0xC0) == 0x80;
}

/* Takes back the last character, all its bytes. */
static void erase(Answer *a) {
        if (a->size == 0)
                return;
        while (a->size > 0 && is_continuation(a->text[a->size - 1]))
                a->size--;
        if (a->size > 0)
                a->size--;
        (void) fputs("\b \b", stdout);
}

static void add(Answer *a, char c) {
        if (a->size == CLI_ANSWER_MAX)
                return;
        a->text[a->size++] = c;
        if (a->is_masked && !is_continuation(c))
                putchar('*');
}

/* Where the terminal does not edit the line, because it must not show it. Returns true at its end.
 */
static bool take_key(Answer *a, char c) {
        switch (c) {
        case '\n':
        case '\r':
                return true;
        case KEY_END:
                return a->size == 0;
        case KEY_BACKSPACE:
        case KEY_DELETE:
                erase(a);
                return false;
        case KEY_ERASE_LINE:
                while (a->size > 0)
                        erase(a);
                return false;
        default:
                if ((unsigned char) c >= ' ')
                        add(a, c);
                return false;
        }
}

static int read_answer(Answer *a) {
        for (;;) {
                char c;
                ssize_t n;

                if (is_interrupted)
                        return -EINTR;
                n = read(STDIN_FILENO, &c, 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                if (a->is_masked ? take_key(a, c) : c == '\n')
                        break;
                if (!a->is_masked)
                        add(a, c);
                (void) fflush(stdout);
        }
        if (!a->is_masked && a->size > 0 && a->text[a->size - 1] == '\r')
                a->size--;
        a->text[a->size] = '\0';
        return 0;
}

static void begin(void) {
        const struct sigaction action = { .sa_handler = interrupt };

        if (is_asking)
                return;
        is_asking = true;
        is_interrupted = 0;
        (void) sigaction(SIGINT, &action, &previous);
}

void cli_ask_end(void) {
        if (is_asking)
                (void) sigaction(SIGINT, &previous, NULL);
        is_asking = false;
}

int cli_ask(const char *label, bool is_secret, char ret[static CLI_ANSWER_MAX + 1]) {
        Answer a = { .text = ret };
        struct termios before, masked;
        int r;

        begin();
        a.is_masked = is_secret && tcgetattr(STDIN_FILENO, &before) == 0;
        if (a.is_masked) {
                masked = before;
                masked.c_lflag &= ~(tcflag_t) (ECHO | ICANON);
                masked.c_cc[VMIN] = 1;
                masked.c_cc[VTIME] = 0;
        }
        /* Before the label: who answers at once must not be seen either. */
        if (a.is_masked)
                (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &masked);
        (void) fputs(label, stdout);
        (void) fflush(stdout);
        r = read_answer(&a);
        if (a.is_masked)
                (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        if (a.is_masked || r == -EINTR)
                putchar('\n');
        return r;
}
