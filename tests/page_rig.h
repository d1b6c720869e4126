/*
 * What the tests of public pages share, beside meeting_rig.h: a public door on a real socket whose
 * calls are served as the loop does it (admitted, decided in a transaction, answered after the
 * commit), and the links that stand in a mail.
 */
#ifndef PAGE_RIG_H
#define PAGE_RIG_H

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "../daemon/http.h"
#include "../daemon/links.h"
#include "../daemon/page.h"
#include "../daemon/page_parts.h"
#include "../daemon/token.h"
#include "meeting_rig.h"

#define PAGE_URL "https://stafette.stadt.example"

enum { PAGE_PATIENCE_MS = 5000 };

static inline void page_rig_open(struct gateway_rig *rig)
{
    struct buf err = BUF_INIT;
    const struct http_options options = {.public_listen = "127.0.0.1:0",
                                         .internal_listen = "",
                                         .control_socket = "",
                                         .body_max = 16 * 1024,
                                         .connections_max = 10,
                                         .timeout_s = 10};
    rig_insert(rig, "http = { ", "public = \"127.0.0.1:9\"; ");
    rig_insert(rig, "mqtt = { port = 9; };\n", "answer = { url = \"" PAGE_URL "\"; };\n");
    rig_reload(rig);
    rig->g.http = http_open(&options, &err);
    if (!rig->g.http)
        fail_msg("%s", buf_str(&err));
    buf_release(&err);
}

static inline int page_set_up(void **state)
{
    life_set_up(state);
    page_rig_open(*state);
    return 0;
}

static inline int page_tear_down(void **state)
{
    struct gateway_rig *rig = *state;
    http_close(rig->g.http);
    return rig_tear_down(state);
}

#define PAGE(name) cmocka_unit_test_setup_teardown(name, page_set_up, page_tear_down)

static inline void page_rig_serve(struct gateway_rig *rig, struct http_call *call)
{
    bool link = strncmp(call->path, "/a/", 3) == 0, feed = strncmp(call->path, "/f/", 3) == 0;
    if ((!link && !feed) || (link && page_link_admit(&rig->g, call)) ||
        (feed && page_feed_admit(&rig->g, call))) {
        store_begin(rig->g.store);
        page_serve(&rig->g, call, &rig->fresh);
        rig_commit(rig);
    }
    http_answer(rig->g.http, call);
}

static inline void page_rig_turn(struct gateway_rig *rig)
{
    struct pollfd at = {.fd = http_fd(rig->g.http), .events = POLLIN};
    poll(&at, 1, 20);
    http_run(rig->g.http);
    for (struct http_call *call = http_take(rig->g.http), *next; call; call = next) {
        next = call->next;
        page_rig_serve(rig, call);
    }
}

/* Sends a request and returns the whole answer, head and body, in a buffer that the next call
 * overwrites. `head` are further header lines, each with its line end. */
static inline const char *page_call(struct gateway_rig *rig, const char *method, const char *path,
                                    const char *head, const char *body)
{
    static struct buf answer;
    struct buf out = BUF_INIT;
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)http_port(rig->g.http, DOOR_PUBLIC))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int64_t end_ms = util_monotonic_ms() + PAGE_PATIENCE_MS;
    char part[4096];
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
    buf_printf(&out,
               "%s %s HTTP/1.1\r\nHost: h\r\n%sContent-Type: application/x-www-form-urlencoded\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               method, path, head, strlen(body), body);
    assert_int_equal(send(fd, out.data, out.len, MSG_NOSIGNAL), (ssize_t)out.len);
    buf_release(&answer);
    for (ssize_t n = -1; n != 0;) {
        page_rig_turn(rig);
        n = recv(fd, part, sizeof part, MSG_DONTWAIT);
        if (n > 0)
            buf_add(&answer, part, (size_t)n);
        if (n < 0 && util_monotonic_ms() > end_ms)
            fail_msg("no end of the answer; so far: %s", buf_str(&answer));
    }
    close(fd);
    buf_release(&out);
    return buf_str(&answer);
}

static inline const char *page_get(struct gateway_rig *rig, const char *path)
{
    return page_call(rig, "GET", path, "", "");
}

/* POST with the form's own field, as a browser sends it. */
static inline const char *page_press(struct gateway_rig *rig, const char *path, const char *fields)
{
    char field[TOKEN_FIELD_LEN + 1];
    struct buf body = BUF_INIT;
    token_field(field, &rig->g.keys, path + strlen("/a/"));
    buf_printf(&body, "form=%s&%s", field, fields);
    const char *answer = page_call(rig, "POST", path, "", buf_str(&body));
    buf_release(&body);
    return answer;
}

static inline void page_shows(const char *page, const char *want)
{
    if (!strstr(page, want))
        fail_msg("\"%s\" is missing in:\n%s", want, page);
}

static inline void page_lacks(const char *page, const char *unwanted)
{
    if (strstr(page, unwanted))
        fail_msg("\"%s\" stands in:\n%s", unwanted, page);
}

/* ---- the links of a mail */

struct page_mail {
    const struct gateway_rig *rig;
    const char *unit, *what;
    struct due due;
    bool found;
};

static inline void page_mail_look(void *context, const struct delivery *delivery)
{
    struct page_mail *mail = context;
    struct due due;
    if (!store_delivery_with_notice(mail->rig->g.store, delivery->seq, &due) ||
        delivery->channel != CHANNEL_EMAIL || strcmp(due.notice.unit, mail->unit) != 0 ||
        strcmp(due.notice.template_name, mail->what) != 0)
        return;
    mail->due = due;
    mail->found = true;
}

/* The latest delivery of that text to the unit. */
static inline struct due page_mail(const struct gateway_rig *rig, int64_t item_seq,
                                   const char *unit, const char *what)
{
    struct page_mail mail = {.rig = rig, .unit = unit, .what = what};
    store_delivery_each(rig->g.store, item_seq, &mail, page_mail_look);
    if (!mail.found)
        fail_msg("no %s to %s", what, unit);
    mail.due.notice.outcome = "";
    return mail.due;
}

/* Labels of the links, "|Zusage|Absage"; the caller's buffer. */
static inline void page_labels(struct gateway_rig *rig, const struct due *due, struct buf *out)
{
    struct buf lines = BUF_INIT;
    struct item item = rig_item(rig, due->delivery.item_seq);
    links_put(&rig->g, due, &item, &lines);
    for (char *at = lines.data; at && (at = strchr(at, '\n')); at++)
        buf_printf(out, "|%.*s", (int)strcspn(at + 1, ":"), at + 1);
    buf_release(&lines);
}

/* Path of the link with that label, in a buffer that the next call overwrites; fails when none. */
static inline const char *page_link_of(struct gateway_rig *rig, const struct due *due,
                                       const char *label)
{
    static char path[TOKEN_LEN + 4];
    struct buf lines = BUF_INIT, head = BUF_INIT;
    struct item item = rig_item(rig, due->delivery.item_seq);
    links_put(&rig->g, due, &item, &lines);
    buf_printf(&head, "\n%s: " PAGE_URL, label);
    const char *at = strstr(buf_str(&lines), buf_str(&head));
    if (!at)
        fail_msg("no link \"%s\" in: %s", label, buf_str(&lines));
    snprintf(path, sizeof path, "%.*s", TOKEN_LEN + 3, at + head.len);
    buf_release(&lines);
    buf_release(&head);
    return path;
}

/* A token that no mail carries. */
static inline const char *page_token(struct gateway_rig *rig, int64_t delivery, int purpose,
                                     int64_t expires_ms)
{
    static char path[TOKEN_LEN + 4];
    char text[TOKEN_LEN + 1];
    const struct token token = {delivery, purpose, expires_ms};
    token_write(text, &rig->g.keys, &token);
    snprintf(path, sizeof path, "/a/%s", text);
    return path;
}

#endif
