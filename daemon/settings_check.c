/*
 * Checks across settings: see settings_check.h.
 *
 * Promises: after it, client_id, bounce, id_domain and erasures are filled, mail addresses are in
 * their form for the wire. Refuses what would break a hard rule at run time: a broker that is not
 * on this machine without TLS (DOMAIN R17), a content link or answer links without
 * https.
 */
#include "settings_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "address.h"
#include "buf.h"
#include "conf.h"
#include "log.h"
#include "settings.h"
#include "util.h"
#include "walltime.h"

struct check {
    struct settings *s;
    struct conf_node *root;
    struct conf_faults *faults;
};

/* Where a setting stands, for messages; the root when it is at its default. */
static const struct conf_node *place(const struct check *c, const char *group, const char *name)
{
    const struct conf_node *node = conf_get(conf_get(c->root, group), name);
    return node ? node : c->root;
}

static void check_gateway(const struct check *c)
{
    const struct settings *s = c->s;
    enum log_level level;
    if (strspn(s->instance, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(s->instance))
        conf_fault(c->faults, place(c, "gateway", "instance"),
                   "\"instance\" may hold lower-case letters, digits, _ and - only");
    if (!log_level_parse(s->log_level, &level))
        conf_fault(c->faults, place(c, "gateway", "log_level"),
                   "\"log_level\" must be error, warn, info or debug");
    if (!str_empty(s->link) && !str_starts(s->link, "https://"))
        conf_fault(c->faults, place(c, "gateway", "link"),
                   "\"link\" must start with https:// (DOMAIN R15)");
    if (strpbrk(s->link, " <>\""))
        conf_fault(c->faults, place(c, "gateway", "link"),
                   "\"link\" must not hold blanks, quotes or angle brackets");
}

static bool is_loopback(const char *host)
{
    return str_eq(host, "localhost") || str_eq(host, "::1") || str_starts(host, "127.");
}

static void check_file(const struct check *c, const char *name, const char *path)
{
    struct stat st;
    if (!str_empty(path) && stat(path, &st) < 0)
        conf_fault(c->faults, place(c, "mqtt", name), "%s: %s", path, strerror(errno));
}

static void check_mqtt(const struct check *c)
{
    const struct settings *s = c->s;
    if (!str_eq(s->mqtt_version, "5") && !str_eq(s->mqtt_version, "3.1.1"))
        conf_fault(c->faults, place(c, "mqtt", "version"),
                   "\"version\" must be \"5\" or \"3.1.1\"");
    if (!s->mqtt_tls && !is_loopback(s->mqtt_host))
        conf_fault(c->faults, place(c, "mqtt", "host"),
                   "a broker that is not on this machine needs \"tls = true\" (DOMAIN R17)");
    if (str_empty(s->mqtt_cert_file) != str_empty(s->mqtt_key_file))
        conf_fault(c->faults,
                   place(c, "mqtt", str_empty(s->mqtt_key_file) ? "cert_file" : "key_file"),
                   "\"cert_file\" and \"key_file\" go together; set both or none");
    if (!str_empty(s->mqtt_password_file) && str_empty(s->mqtt_username))
        conf_fault(c->faults, place(c, "mqtt", "password_file"),
                   "a password needs a \"username\" beside it");
    check_file(c, "password_file", s->mqtt_password_file);
    check_file(c, "ca_file", s->mqtt_ca_file);
    check_file(c, "cert_file", s->mqtt_cert_file);
    check_file(c, "key_file", s->mqtt_key_file);
}

/* "address:port", "[v6]:port"; the address without brackets goes to host. */
static bool split_listen(const char *listen, char *host, size_t size)
{
    const char *colon = strrchr(listen, ':');
    int64_t port;
    if (!colon || colon == listen || !int_parse(colon + 1, 0, 65535, &port))
        return false;
    bool v6 = listen[0] == '[' && colon[-1] == ']';
    size_t skip = v6 ? 1 : 0, len = (size_t)(colon - listen) - 2 * skip;
    if (len == 0 || len >= size || (!v6 && memchr(listen, ':', len)))
        return false;
    memcpy(host, listen + skip, len);
    host[len] = '\0';
    return strspn(host, "0123456789abcdefABCDEF.:") == len || str_eq(host, "localhost");
}

static void check_listen(const struct check *c, const char *name, const char *listen)
{
    char host[64];
    if (str_empty(listen))
        return;
    if (!split_listen(listen, host, sizeof host))
        conf_fault(c->faults, place(c, "http", name),
                   "\"%s\" must be address:port, such as \"127.0.0.1:8085\" or \"[::1]:8085\"",
                   name);
    else if (str_eq(name, "internal") && !is_loopback(host))
        conf_warning(c->faults, place(c, "http", name),
                     "\"internal\" can be reached from other machines; put the authenticating "
                     "proxy before it");
}

/* "https://host/path" or, for tests and demos, http on this machine. */
static bool is_public_url(const char *url)
{
    static const char *const local[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    if (str_starts(url, "https://") && url[strlen("https://")] > '/')
        return true;
    for (size_t i = 0; i < COUNT_OF(local); i++) {
        char end = str_starts(url, local[i]) ? url[strlen(local[i])] : 'x';
        if (end == '\0' || end == ':' || end == '/')
            return true;
    }
    return false;
}

static void check_answer(const struct check *c)
{
    struct settings *s = c->s;
    if (str_empty(s->answer_url))
        return;
    if (!is_public_url(s->answer_url))
        conf_fault(c->faults, place(c, "answer", "url"),
                   "\"url\" must start with https:// (DOMAIN R15)");
    if (strpbrk(s->answer_url, " <>\"?#"))
        conf_fault(c->faults, place(c, "answer", "url"),
                   "\"url\" must not hold blanks, quotes, angle brackets, ? or #");
    if (str_empty(s->http_public))
        conf_fault(c->faults, place(c, "answer", "url"),
                   "\"url\" needs the public door: set http.public");
    for (size_t n = strlen(s->answer_url); n > 0 && s->answer_url[n - 1] == '/'; n--)
        s->answer_url[n - 1] = '\0';
}

static void check_http(const struct check *c)
{
    const struct settings *s = c->s;
    check_listen(c, "internal", s->http_internal);
    check_listen(c, "public", s->http_public);
    if (!str_empty(s->http_public) && str_eq(s->http_public, s->http_internal) &&
        !str_ends(s->http_public, ":0"))
        conf_fault(c->faults, place(c, "http", "public"),
                   "\"public\" and \"internal\" must not be the same door");
    if (strlen(s->control_socket) > 107)
        conf_fault(c->faults, place(c, "http", "control_socket"),
                   "the path of \"control_socket\" is longer than the 107 bytes a socket may have");
}

/* Replaces an address by its form for the wire; false with a fault. */
static bool wire_address(const struct check *c, const char *name, char **address)
{
    struct buf out = BUF_INIT, why = BUF_INIT;
    bool ok = address_email(&out, *address, &why) == 0;
    if (ok) {
        free(*address);
        *address = buf_detach(&out);
    } else {
        conf_fault(c->faults, place(c, "mail", name), "\"%s\": %s", name, buf_str(&why));
    }
    buf_release(&out);
    buf_release(&why);
    return ok;
}

static void replace(char **text, const char *with)
{
    char *copy = xstrdup(with);
    free(*text);
    *text = copy;
}

static void check_mail(const struct check *c)
{
    struct settings *s = c->s;
    if (!conf_get(conf_get(c->root, "mail"), "from"))
        conf_warning(c->faults, c->root,
                     "mail.from is not set; mails come from %s, which nobody can answer",
                     s->mail_from);
    bool from_ok = wire_address(c, "from", &s->mail_from);
    if (str_empty(s->mail_bounce))
        replace(&s->mail_bounce, s->mail_from);
    else
        wire_address(c, "bounce", &s->mail_bounce);
    const char *at = strchr(s->mail_from, '@');
    if (str_empty(s->mail_id_domain)) {
        replace(&s->mail_id_domain, from_ok && at ? at + 1 : "stafette.example");
        return;
    }
    struct buf probe = BUF_INIT, out = BUF_INIT, why = BUF_INIT;
    buf_printf(&probe, "id@%s", s->mail_id_domain);
    if (address_email(&out, buf_str(&probe), &why) == 0)
        replace(&s->mail_id_domain, strchr(buf_str(&out), '@') + 1);
    else
        conf_fault(c->faults, place(c, "mail", "id_domain"),
                   "\"id_domain\" must be a domain of at least two labels");
    buf_release(&probe);
    buf_release(&out);
    buf_release(&why);
}

static void check_ledger(const struct check *c)
{
    int second_of_day;
    if (!time_of_day_parse(c->s->ledger_night, &second_of_day))
        conf_fault(c->faults, place(c, "ledger", "night"),
                   "\"night\" must be a time of the day such as \"06:30\"");
}

static void check_digest(const struct check *c)
{
    const struct settings *s = c->s;
    const struct {
        const char *name, *value;
    } times[] = {{"morning", s->digest_morning}, {"orphans", s->digest_orphans}};
    int weekday, second_of_day;
    if (!str_empty(s->digest_weekly) &&
        !weekly_time_parse(s->digest_weekly, &weekday, &second_of_day))
        conf_fault(c->faults, place(c, "digest", "weekly"),
                   "\"weekly\" must be a day and a time such as \"Mo 07:00\", or \"\"");
    for (size_t i = 0; i < COUNT_OF(times); i++)
        if (!str_empty(times[i].value) && !time_of_day_parse(times[i].value, &second_of_day))
            conf_fault(c->faults, place(c, "digest", times[i].name),
                       "\"%s\" must be a time of the day such as \"07:30\", or \"\"",
                       times[i].name);
}

static void check_drill(const struct check *c)
{
    const struct settings *s = c->s;
    int weekday, second_of_day;
    if (!str_empty(s->reach_weekly) &&
        !weekly_time_parse(s->reach_weekly, &weekday, &second_of_day))
        conf_fault(c->faults, place(c, "reach", "weekly"),
                   "\"weekly\" must be a day and a time such as \"Mo 06:50\", or \"\"");
    if (!str_empty(s->drill_each) && !weeks_parse(s->drill_each))
        conf_fault(c->faults, place(c, "drill", "each"),
                   "\"each\" must be a number of weeks from \"1w\" to \"52w\", or \"\"");
    if (!weekly_time_parse(s->drill_at, &weekday, &second_of_day))
        conf_fault(c->faults, place(c, "drill", "at"),
                   "\"at\" must be a day and a time such as \"Di 10:00\"");
}

static void check_erasures(const struct check *c)
{
    struct settings *s = c->s;
    struct buf path = BUF_INIT;
    if (str_eq(s->erasures, s->store))
        conf_fault(c->faults, place(c, "gateway", "erasures"),
                   "\"erasures\" must be a file of its own, not the database");
    if (str_empty(s->erasures)) {
        buf_printf(&path, "%s.erasures", s->store);
        replace(&s->erasures, buf_str(&path));
    }
    buf_release(&path);
}

void settings_check(struct settings *s, struct conf_node *root, struct conf_faults *faults)
{
    const struct check c = {s, root, faults};
    check_gateway(&c);
    check_erasures(&c);
    check_mqtt(&c);
    check_http(&c);
    check_answer(&c);
    check_mail(&c);
    check_ledger(&c);
    check_digest(&c);
    check_drill(&c);
    if (s->retry_first_ms > s->retry_max_ms)
        conf_fault(faults, place(&c, "delivery", "retry_first"),
                   "\"retry_first\" is longer than \"retry_max\"");
    if (str_empty(s->mqtt_client_id)) {
        struct buf id = BUF_INIT;
        buf_printf(&id, "stafette-%s", s->instance);
        free(s->mqtt_client_id);
        s->mqtt_client_id = buf_detach(&id);
    }
}
