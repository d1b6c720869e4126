/*
 * stafettectl: looks into and steers a running stafetted over its control socket, or works on the
 * store and the broker by itself (backup, restore, watch). ctl_command.c holds the commands.
 *
 * Promises the exit statuses of sysexits(3) that its man page lists, errors on standard error only,
 * and with --json the daemon's answer byte for byte. Refuses a control socket that is not there by
 * saying how to start the daemon. Keeps nothing; a crash leaves nothing but, in the midst of a
 * backup, an unfinished file under another name.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "../adapters/sms_presets.h"
#include "buf.h"
#include "conf.h"
#include "ctl_classes.h"
#include "ctl_command.h"
#include "ctl_deadline.h"
#include "ctl_export.h"
#include "ctl_ledger.h"
#include "ctl_mail.h"
#include "ctl_outbox.h"
#include "ctl_print.h"
#include "ctl_tell.h"
#include "digest.h"
#include "json.h"
#include "log.h"
#include "machine.h"
#include "settings.h"
#include "stafette.h"
#include "store_backup.h"
#include "util.h"
#include "watch.h"

#define DEFAULT_CONFIG "/etc/stafette"

enum {
    EVENT_FILE_MAX = 1 << 20,
    ANSWER_BYTES_MAX = 64 << 20,
    CALL_TIMEOUT_S = 60,
    LONG_TIMEOUT_S = 900, /* clock advance, outbox retry: until nothing is left to do */
    SECRET_MAX = 4096,
    DEFAULT_AFTER_MS = 5 * 60 * 1000
};

struct ctl {
    const char *config; /* "" = not given */
    const char *socket; /* "" = from the configuration */
    bool json;
    struct ctl_use_of use;
};

static int fail(int status, const char *text)
{
    fprintf(stderr, "stafettectl: %s\n", text);
    return status;
}

static int fail_buf(int status, struct buf *text)
{
    fail(status, buf_str(text));
    buf_release(text);
    return status;
}

/* Whether the socket's place was readable, whatever else is wrong. */
static bool names_socket(struct conf_node *root)
{
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    const char *path = conf_text(conf_get(root, "http"), "control_socket", "", &faults);
    buf_release(&text);
    return !str_empty(path);
}

/* Only the settings, not the whole configuration: it may be large, and a fault in it must not keep
 * the operator from asking a daemon that runs on an older one. */
static int read_settings(const struct ctl *ctl, struct settings *settings)
{
    bool asks = ctl->use.command->local == CTL_REMOTE;
    const char *path = str_empty(ctl->config) ? DEFAULT_CONFIG : ctl->config;
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    struct conf_node *root = conf_read(path, &faults);
    if (!root) {
        fprintf(stderr, "stafettectl: cannot read the configuration %s; name it by -c\n%s", path,
                buf_str(&text));
        buf_release(&text);
        return EX_CONFIG;
    }
    settings_load(settings, root, &faults);
    bool usable = faults.errors == 0 || (asks && names_socket(root));
    conf_free(root);
    if (faults.errors > 0)
        fprintf(stderr, "stafettectl: the configuration has faults%s:\n%s",
                usable ? " (the daemon would refuse to load it)" : "", buf_str(&text));
    if (!usable)
        settings_release(settings);
    buf_release(&text);
    return usable ? EX_OK : EX_CONFIG;
}

static int find_socket(const struct ctl *ctl, struct buf *path)
{
    struct settings settings;
    if (!str_empty(ctl->socket)) {
        buf_puts(path, ctl->socket);
        return EX_OK;
    }
    int status = read_settings(ctl, &settings);
    if (status != EX_OK)
        return status;
    buf_puts(path, settings.control_socket);
    settings_release(&settings);
    if (path->len == 0)
        return fail(EX_CONFIG,
                    "the configuration gives no control socket; set http.control_socket");
    return EX_OK;
}

static int read_body(const struct ctl *ctl, struct buf *body)
{
    const char *file = ctl_body_file(&ctl->use);
    struct buf err = BUF_INIT;
    if (ctl->use.command->local == CTL_MAIL_IN)
        return ctl_mail_body(file, body);
    if (str_empty(file))
        return EX_OK;
    int rc = str_eq(file, "-") ? buf_read_fd(body, STDIN_FILENO, EVENT_FILE_MAX, &err)
                               : buf_read_file(body, file, EVENT_FILE_MAX, &err);
    return rc < 0 ? fail_buf(EX_NOINPUT, &err) : EX_OK;
}

struct answer {
    long status;
    struct buf body;
};

static size_t on_answer(char *bytes, size_t size, size_t n, void *context)
{
    struct buf *body = context;
    if (body->len + size * n > ANSWER_BYTES_MAX)
        return 0;
    buf_add(body, bytes, size * n);
    return size * n;
}

static int call_failed(CURLcode code, const char *socket)
{
    struct buf text = BUF_INIT;
    if (access(socket, F_OK) < 0 && errno == ENOENT) {
        buf_printf(&text,
                   "the daemon is not running (no socket %s); start it by "
                   "\"systemctl start stafetted\" or \"stafetted -c DIRECTORY\"",
                   socket);
        return fail_buf(EX_UNAVAILABLE, &text);
    }
    if (access(socket, R_OK | W_OK) < 0) {
        buf_printf(&text, "no permission for the control socket %s; run as the daemon's user",
                   socket);
        return fail_buf(EX_NOPERM, &text);
    }
    if (code == CURLE_COULDNT_CONNECT)
        buf_printf(&text,
                   "the daemon is not running (nobody listens on %s); start it by "
                   "\"systemctl start stafetted\" or \"stafetted -c DIRECTORY\"",
                   socket);
    else
        buf_printf(&text, "the daemon does not answer on %s: %s", socket, curl_easy_strerror(code));
    return fail_buf(EX_UNAVAILABLE, &text);
}

static void set_call(CURL *easy, const struct ctl *ctl, const struct buf *body,
                     struct answer *answer)
{
    bool post = str_eq(ctl->use.command->method, "POST");
    bool is_long = str_starts(ctl->use.command->words, "clock") ||
                   str_eq(ctl->use.command->words, "outbox retry");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)(is_long ? LONG_TIMEOUT_S : CALL_TIMEOUT_S));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer->body);
    if (!post)
        return;
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_str(body));
}

static int perform(const struct ctl *ctl, const char *socket, const struct buf *body,
                   struct answer *answer)
{
    struct buf url = BUF_INIT, target = BUF_INIT;
    CURL *easy = curl_easy_init();
    struct curl_slist *headers =
        curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"), "Expect:");
    ctl_target(&target, &ctl->use);
    buf_printf(&url, "http://stafette%s", buf_str(&target));
    set_call(easy, ctl, body, answer);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(easy, CURLOPT_URL, buf_str(&url));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    buf_release(&url);
    buf_release(&target);
    return code == CURLE_OK ? EX_OK : call_failed(code, socket);
}

static void print_answer(const struct ctl *ctl, const struct answer *answer,
                         const struct json *root)
{
    const struct ctl_command *command = ctl->use.command;
    const struct json *raw = command->raw ? json_get(root, command->raw) : NULL;
    struct buf text = BUF_INIT;
    if (ctl->json || !root)
        buf_add(&text, buf_str(&answer->body), answer->body.len);
    else if (raw)
        buf_puts(&text, json_text(raw));
    else
        ctl_print(&text, root, command->empty);
    fwrite(buf_str(&text), 1, text.len, stdout);
    if (text.len > 0 && !str_ends(buf_str(&text), "\n"))
        fputc('\n', stdout);
    buf_release(&text);
}

/* An error of the daemon is {"error": "..."}; what is no JSON is shown as it is. */
static int refused(const struct answer *answer, const struct json *root)
{
    const char *error = json_text(json_get(root, "error"));
    fprintf(stderr, "stafettectl: %s\n", str_empty(error) ? buf_str(&answer->body) : error);
    if (answer->status == 503)
        return EX_UNAVAILABLE;
    if (answer->status == 403)
        return EX_NOPERM;
    return answer->status >= 500 ? EX_SOFTWARE : EX_DATAERR;
}

/* A receipt that is not good is printed like any other, but ends with its own status; so does the
 * proof of reachability when something is missing. */
static int receipt_status(const struct json *root)
{
    const struct json *well = json_get(root, "well");
    if (well && !json_bool(well))
        return EXIT_FAILURE;
    const struct json *data = json_get(root, "data");
    const char *outcome = json_text(json_get(data ? data : root, "outcome"));
    return str_eq(outcome, "refused") || str_eq(outcome, "returned") ? EX_DATAERR : EX_OK;
}

/* *answered: the HTTP status; 0 when nothing was answered. */
static int run_call(const struct ctl *ctl, long *answered)
{
    struct buf socket = BUF_INIT, body = BUF_INIT;
    struct answer answer = {0, BUF_INIT};
    struct json_place where;
    int status = find_socket(ctl, &socket);
    if (status == EX_OK)
        status = read_body(ctl, &body);
    if (status == EX_OK)
        status = perform(ctl, buf_str(&socket), &body, &answer);
    if (status == EX_OK) {
        struct json *root = json_read(buf_str(&answer.body), answer.body.len, &where);
        int outcome = receipt_status(root);
        if (answer.status >= 400 && outcome == EX_OK) {
            status = refused(&answer, root);
        } else {
            print_answer(ctl, &answer, root);
            status = outcome;
        }
        if (root)
            json_free(root);
    }
    *answered = answer.status;
    buf_release(&socket);
    buf_wipe(&body);
    buf_wipe(&answer.body);
    return status;
}

/* The store is read even when the daemon is silent; that it is, has been said then. */
static int run_outbox(const struct ctl *ctl)
{
    struct settings settings;
    struct buf nothing = BUF_INIT;
    struct answer answer = {0, BUF_INIT};
    struct json_place where;
    struct json *live = NULL;
    int status = read_settings(ctl, &settings);
    if (status != EX_OK)
        return status;
    const char *socket = str_empty(ctl->socket) ? settings.control_socket : ctl->socket;
    if (!str_empty(socket) && perform(ctl, socket, &nothing, &answer) == EX_OK &&
        answer.status == 200)
        live = json_read(buf_str(&answer.body), answer.body.len, &where);
    status = ctl_outbox(&ctl->use, &settings, live, ctl->json);
    if (live)
        json_free(live);
    buf_release(&answer.body);
    settings_release(&settings);
    return status;
}

static int run_backup(const struct ctl *ctl)
{
    struct settings settings;
    struct buf err = BUF_INIT;
    const char *file = ctl_value(&ctl->use, "FILE");
    bool restore = ctl->use.command->local == CTL_RESTORE;
    int status = read_settings(ctl, &settings);
    if (status != EX_OK)
        return status;
    int rc = restore ? store_restore(file, settings.store, &err)
                     : store_backup(settings.store, file, &err);
    if (rc < 0)
        status = fail(restore ? EX_IOERR : EX_CANTCREAT, buf_str(&err));
    else if (restore)
        printf("Restored. Start the daemon: it holds back what is older than the backup until "
               "\"stafettectl release\".\n");
    buf_release(&err);
    settings_release(&settings);
    return status;
}

/* "host:port", "[::1]:1883", or a host alone. */
static int split_broker(const char *text, struct buf *host, int *port)
{
    const char *colon = strrchr(text, ':');
    const char *end = colon && (text[0] != '[' || colon[-1] == ']') ? colon : text + strlen(text);
    int64_t number = 1883;
    if (*end == ':' && !int_parse(end + 1, 1, UINT16_MAX, &number))
        return -1;
    bool brackets = text[0] == '[' && end > text && end[-1] == ']';
    buf_add(host, text + brackets, (size_t)(end - text) - (brackets ? 2 : 0));
    *port = (int)number;
    return host->len > 0 ? 0 : -1;
}

static int read_password(const char *file, struct buf *password)
{
    struct buf err = BUF_INIT;
    if (str_empty(file))
        return EX_OK;
    if (buf_read_file(password, file, SECRET_MAX, &err) < 0)
        return fail_buf(EX_NOINPUT, &err);
    while (password->len > 0 && strchr("\r\n", password->data[password->len - 1]))
        password->data[--password->len] = '\0';
    return EX_OK;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static int check_watch(const struct ctl *ctl, int64_t *after_ms, struct buf *host, int *port)
{
    const char *after = ctl_value(&ctl->use, "--after");
    *after_ms = DEFAULT_AFTER_MS;
    if (!str_empty(after) && (!duration_parse(after, after_ms) || *after_ms < 1000))
        return fail(EX_USAGE, "--after needs a duration of at least 1s, for example 5m");
    if (split_broker(ctl_value(&ctl->use, "--broker"), host, port) < 0)
        return fail(EX_USAGE, "--broker needs HOST:PORT, for example mqtt.stadt.example:8883");
    return EX_OK;
}

static int run_watch(const struct ctl *ctl)
{
    struct buf host = BUF_INIT, password = BUF_INIT, err = BUF_INIT;
    struct watch_options o = {
        .username = ctl_value(&ctl->use, "--username"),
        .ca_file = ctl_value(&ctl->use, "--ca-file"),
        .instance = ctl_value(&ctl->use, "--instance"),
        .tell = ctl_tell_report,
    };
    int status = check_watch(ctl, &o.after_ms, &host, &o.port);
    if (status == EX_OK)
        status = read_password(ctl_value(&ctl->use, "--password-file"), &password);
    CURL *easy = curl_easy_init();
    struct ctl_tell *tell = status == EX_OK ? ctl_tell_open(&ctl->use, easy, &err) : NULL;
    if (status == EX_OK && !tell)
        status = fail(EX_USAGE, buf_str(&err));
    if (status == EX_OK) {
        o.host = buf_str(&host);
        o.password = buf_str(&password);
        o.tls = o.port == 8883 || !str_empty(o.ca_file);
        o.stop_fd = open_signals();
        o.context = tell;
        if (watch_run(&o, &err) < 0)
            status = fail(EX_USAGE, buf_str(&err));
        close(o.stop_fd);
    }
    ctl_tell_close(tell);
    curl_easy_cleanup(easy);
    buf_release(&host);
    buf_wipe(&password);
    buf_release(&err);
    return status;
}

/* What a command without a daemon found; releases both. */
static int print_result(int rc, struct buf *out, struct buf *err)
{
    fputs(buf_str(out), stdout);
    buf_release(out);
    if (rc < 0)
        return fail_buf(EX_DATAERR, err);
    buf_release(err);
    return EX_OK;
}

static int run_deadline(const struct ctl *ctl)
{
    struct buf out = BUF_INIT, err = BUF_INIT;
    const struct ctl_deadline ask = {
        .start = ctl_value(&ctl->use, "START"),
        .length = ctl_value(&ctl->use, "LENGTH"),
        .calendar = ctl_value(&ctl->use, "CALENDAR"),
        .json = ctl->json,
    };
    int rc = ctl_deadline(&out, &ask, &err);
    return print_result(rc, &out, &err);
}

static int run_classes(const struct ctl *ctl)
{
    struct buf out = BUF_INIT, err = BUF_INIT;
    const struct ctl_classes ask = {
        .reply = ctl_value(&ctl->use, "REPLY"),
        .stage = ctl_value(&ctl->use, "--stage"),
        .http = ctl_value(&ctl->use, "--http"),
        .curl = ctl_value(&ctl->use, "--curl"),
        .json = ctl->json,
    };
    int rc = ctl_classes(&out, &ask, &err);
    return print_result(rc, &out, &err);
}

static int run_presets(const struct ctl *ctl)
{
    struct buf out = BUF_INIT;
    if (ctl->json)
        sms_presets_json(&out);
    else
        sms_presets_print(&out);
    fwrite(out.data, 1, out.len, stdout);
    buf_release(&out);
    return EX_OK;
}

static int run_states(const struct ctl *ctl)
{
    enum item_kind kind;
    struct buf out = BUF_INIT, err = BUF_INIT;
    const char *name = ctl_value(&ctl->use, "KIND");
    if (!item_kind_parse(name, &kind)) {
        buf_printf(&err,
                   "there is no kind \"%.40s\"; there are handover, referral, emergency, "
                   "refusal, task, deadline",
                   name);
        return fail_buf(EX_DATAERR, &err);
    }
    if (str_empty(ctl_value(&ctl->use, "--dot")))
        machine_print(kind, &out);
    else
        machine_dot(kind, &out);
    fputs(buf_str(&out), stdout);
    buf_release(&out);
    return EX_OK;
}

static int run(const struct ctl *ctl)
{
    const char *config = str_empty(ctl->config) ? DEFAULT_CONFIG : ctl->config;
    long answered = 0;
    int status;
    switch (ctl->use.command->local) {
    case CTL_REMOTE:
        return run_call(ctl, &answered);
    case CTL_OUTBOX:
    case CTL_OUTBOX_LIST:
    case CTL_OUTBOX_SHOW:
        return run_outbox(ctl);
    case CTL_MAIL_IN:
        status = run_call(ctl, &answered);
        return ctl_mail_status(status, answered);
    case CTL_BACKUP:
    case CTL_RESTORE:
        return run_backup(ctl);
    case CTL_WATCH:
        return run_watch(ctl);
    case CTL_DEADLINE:
        return run_deadline(ctl);
    case CTL_CLASSES:
        return run_classes(ctl);
    case CTL_STATES:
        return run_states(ctl);
    case CTL_PRESETS:
        return run_presets(ctl);
    case CTL_LEDGER:
        return ctl_ledger(config, ctl_value(&ctl->use, "--at"), ctl->json);
    case CTL_EXPORT:
        return ctl_export(&ctl->use, config, ctl->json);
    case CTL_AUDIT_VERIFY:
        return ctl_audit_verify(&ctl->use, config, ctl->json);
    case CTL_AUDIT_SHOW:
        return ctl_audit_show(&ctl->use, config, ctl->json);
    }
    return EX_SOFTWARE;
}

static int show_help(const struct ctl_command *command)
{
    struct buf text = BUF_INIT;
    if (command)
        ctl_help_one(&text, command);
    else
        ctl_help_all(&text);
    fputs(buf_str(&text), stdout);
    buf_release(&text);
    return EX_OK;
}

/* Reads what stands before the command. Returns the index of the command, or -1 with *status. */
static int read_globals(struct ctl *ctl, int argc, char **argv, int *status)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        bool config = str_eq(argv[i], "-c") || str_eq(argv[i], "--config");
        if (str_eq(argv[i], "--json")) {
            ctl->json = true;
        } else if ((config || str_eq(argv[i], "--socket")) && i + 1 < argc) {
            *(config ? &ctl->config : &ctl->socket) = argv[i + 1];
            i++;
        } else if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h")) {
            *status = show_help(NULL);
            return -1;
        } else if (str_eq(argv[i], "--version")) {
            puts("stafettectl " STAFETTE_VERSION);
            *status = EX_OK;
            return -1;
        } else {
            fprintf(stderr, "stafettectl: unknown option %s, or its value is missing\n", argv[i]);
            *status = EX_USAGE;
            return -1;
        }
    }
    if (i < argc)
        return i;
    fprintf(stderr, "stafettectl: no command; stafettectl --help lists them\n");
    *status = EX_USAGE;
    return -1;
}

static int run_line(int argc, char **argv)
{
    struct ctl ctl = {.config = "", .socket = ""};
    struct buf err = BUF_INIT;
    int status = EX_OK;
    int at = read_globals(&ctl, argc, argv, &status);
    if (at < 0)
        return status;
    if (ctl_parse(&ctl.use, argc - at, argv + at, &err) < 0)
        return fail_buf(EX_USAGE, &err);
    return ctl.use.help ? show_help(ctl.use.command) : run(&ctl);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    digest_start();
    json_start();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = run_line(argc, argv);
    curl_global_cleanup();
    if (fflush(stdout) != 0 || ferror(stdout))
        return fail(EX_IOERR, "the answer could not be written");
    return status;
}
