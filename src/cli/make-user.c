/* SPDX-License-Identifier: MIT */
/* `postal make-user`: asks as Postal does; with options, makes the user without asking. Unlike
 * Postal's, it fails (exit status 1) when no user was made. */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "core/file.h"
#include "model/user.h"

#define PASSWORD_FILE_MAX ((size_t) 4096)

typedef struct Answers {
        char email[CLI_ANSWER_MAX + 1];
        char first_name[CLI_ANSWER_MAX + 1];
        char last_name[CLI_ANSWER_MAX + 1];
        char password[CLI_ANSWER_MAX + 1];
} Answers;

static int ask_all(Answers *a, NewUser *user) {
        int r;

        printf("%sPostal User Creator%s\n", cli_colour(stdout, CLI_GREEN), cli_colour_end(stdout));
        (void) puts("Enter the information required to create a new Postal user.");
        (void) puts("This tool is usually only used to create your initial admin user.");
        (void) puts("");
        r = cli_ask("E-Mail Address      : ", false, a->email);
        if (r >= 0)
                r = cli_ask("First Name          : ", false, a->first_name);
        if (r >= 0)
                r = cli_ask("Last Name           : ", false, a->last_name);
        if (r >= 0)
                r = cli_ask("Initial Password    : ", true, a->password);
        if (r < 0)
                return r;
        user->email_address = a->email;
        user->first_name = a->first_name;
        user->last_name = a->last_name;
        user->password = a->password;
        return 0;
}

/* The first line of the file, or of stdin for "-". */
static int read_password(const char *path, char ret[static CLI_ANSWER_MAX + 1]) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        Slice rest, line;
        int r;

        if (streq(path, "-"))
                r = file_read_fd(STDIN_FILENO, PASSWORD_FILE_MAX, &text);
        else
                r = file_read(path, PASSWORD_FILE_MAX, &text);
        if (r < 0)
                return r;
        rest = buf_slice(&text);
        line = slice_split(&rest, '\n');
        if (line.size > 0 && line.data[line.size - 1] == '\r')
                line.size--;
        if (line.size > CLI_ANSWER_MAX)
                r = -EFBIG;
        else if (line.size > 0)
                memcpy(ret, line.data, line.size);
        ret[line.size > CLI_ANSWER_MAX ? 0 : line.size] = '\0';
        if (text.data)
                explicit_bzero(text.data, text.size);
        return r;
}

static int make(const CliContext *c, const NewUser *user) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_EMPTY;
        int r = user_create(c->main, user, &problems, NULL);

        if (r < 0)
                return cli_explain_database(c, r);
        if (problems.count == 0) {
                printf("\nUser has been created with e-mail address %s%s%s\n\n",
                       cli_colour(stdout, CLI_GREEN), user->email_address, cli_colour_end(stdout));
                cli_objects_changed();
                return EXIT_SUCCESS;
        }
        printf("%sFailed to create user%s\n", cli_colour(stdout, CLI_RED), cli_colour_end(stdout));
        for (size_t i = 0; i < problems.count; i++)
                printf(" * %s\n", problems.texts[i]);
        return EXIT_FAILURE;
}

static const CliSyntax SYNTAX = {
        .command = "make-user",
        .help = "Creates a user. Without options it asks for all, and the user is an "
                "administrator.",
};

static int check_options(const CliOption *options, const NewUser *user, const char *password_file) {
        if (user->password && password_file)
                return cli_misuse(&SYNTAX, "--password and --password-file exclude each other.");
        return cli_require(&SYNTAX, options,
                           (const char *const[]){ "email", "first-name", "last-name", NULL });
}

int cli_make_user(int argc, char *argv[]) {
        NewUser user = { .is_email_verified = true };
        const char *password_file = NULL;
        const CliOption options[] = {
                { "email", "ADDRESS", "the user's e-mail address", &user.email_address, NULL },
                { "first-name", "NAME", "the user's first name", &user.first_name, NULL },
                { "last-name", "NAME", "the user's last name", &user.last_name, NULL },
                { "password", "PASSWORD", "seen by who lists processes: rather use the next",
                  &user.password, NULL },
                { "password-file", "PATH", "the password is its first line; - is stdin",
                  &password_file, NULL },
                { "admin", NULL, "the user is an administrator", NULL, &user.is_admin },
                { 0 },
        };
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        Answers answers = { 0 };
        bool is_interactive;
        int status, r = 0;

        status = cli_parse(&SYNTAX, options, argc, argv, &arguments);
        is_interactive = !user.email_address && !user.first_name && !user.last_name &&
                         !user.password && !password_file && !user.is_admin;
        if (status < 0 && !is_interactive)
                status = check_options(options, &user, password_file);
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status >= 0)
                return status;
        user.may_lack_password = context.config->oidc.enabled;
        if (is_interactive) {
                user.is_admin = true;
                r = ask_all(&answers, &user);
                cli_ask_end();
                if (r == -EINTR)
                        return EXIT_SUCCESS;
        } else if (password_file) {
                r = read_password(password_file, answers.password);
                user.password = answers.password;
        }
        if (r < 0)
                status = cli_fail("Cannot read %s: %s.", strempty(password_file), strerror(-r));
        else
                status = make(&context, &user);
        explicit_bzero(answers.password, sizeof(answers.password));
        return status;
}
