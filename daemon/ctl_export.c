/*
 * Export and audit commands: see ctl_export.h. The store is read through a connection of its own
 * that can change nothing and holds up nobody, so these work in an emergency, too. Refuses to make
 * a key file: a new key would find no case. Keeps nothing.
 */
#include "ctl_export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "audit_text.h"
#include "buf.h"
#include "code.h"
#include "config.h"
#include "ctl_command.h"
#include "digest.h"
#include "directory.h"
#include "erasures.h"
#include "event.h"
#include "export.h"
#include "json.h"
#include "keys.h"
#include "record.h"
#include "store.h"
#include "store_audit.h"
#include "util.h"

/* What a command works on. */
struct desk {
    struct config *config;
    struct store *store; /* NULL: not asked for */
    struct keys keys;
};

static int fail(int status, const char *text)
{
    fprintf(stderr, "stafettectl: %s\n", text);
    return status;
}

static int print(const struct buf *text)
{
    fwrite(buf_str(text), 1, text->len, stdout);
    if (text->len && !str_ends(buf_str(text), "\n"))
        fputc('\n', stdout);
    return EX_OK;
}

static void close_desk(struct desk *desk)
{
    if (desk->store)
        store_rollback(desk->store);
    store_close(desk->store);
    config_drop(desk->config);
    explicit_bzero(&desk->keys, sizeof desk->keys);
}

static int open_store(struct desk *desk, struct buf *err)
{
    const struct settings *s = &desk->config->settings;
    if (access(s->key_file, R_OK) < 0) {
        buf_printf(err, "key file %s: %s", s->key_file, strerror(errno));
        return EX_CONFIG;
    }
    if (keys_load(&desk->keys, s->key_file, err) < 0)
        return EX_CONFIG;
    desk->store = store_open_reader(s->store, err);
    if (!desk->store)
        return EX_IOERR;
    store_begin_reading(desk->store);
    return EX_OK;
}

/* 0, or an exit status with the reason said. */
static int open_desk(struct desk *desk, const char *path, bool with_store)
{
    struct buf report = BUF_INIT, err = BUF_INIT;
    memset(desk, 0, sizeof *desk);
    desk->config = config_load(path, &report);
    int status = EX_OK;
    if (!desk->config) {
        fputs(buf_str(&report), stderr);
        status = fail(EX_CONFIG, "the configuration cannot be used; name it by -c");
    } else if (with_store && (status = open_store(desk, &err)) != EX_OK) {
        fail(status, buf_str(&err));
    }
    if (status != EX_OK)
        close_desk(desk);
    buf_release(&report);
    buf_release(&err);
    return status;
}

static int read_trouble(const struct desk *desk)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "the store cannot be read: %s", store_trouble(desk->store));
    fail(EX_IOERR, buf_str(&text));
    buf_release(&text);
    return EX_IOERR;
}

static int export_record(const struct desk *desk, bool permissions, bool json)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    if (permissions)
        record_permissions(&text, desk->config);
    else
        record_processing(&text, desk->config);
    if (json) {
        buf_addc(&out, '{');
        json_member_text(&out, "config", desk->config->version);
        json_member_text(&out, "text", buf_str(&text));
        buf_addc(&out, '}');
    }
    int status = print(json ? &out : &text);
    buf_release(&text);
    buf_release(&out);
    return status;
}

static int export_subject(struct desk *desk, const char *case_ref, bool json)
{
    struct buf text = BUF_INIT, out = BUF_INIT, err = BUF_INIT;
    struct erasures list;
    struct erasure who;
    erasure_of(&who, desk->keys.case_ref, case_ref);
    int status = EX_OK;
    if (erasures_open(&list, desk->config->settings.erasures, &err) < 0)
        status = fail(EX_IOERR, buf_str(&err));
    const struct export_from from = {desk->store, &desk->keys, desk->config->directory,
                                     erasures_find(&list, &who), util_wall_ms()};
    if (status == EX_OK) {
        export_case(&from, case_ref, &text, &out);
        status = store_failed(desk->store) ? read_trouble(desk) : print(json ? &out : &text);
    }
    erasures_close(&list);
    buf_wipe(&text);
    buf_wipe(&out);
    buf_release(&err);
    return status;
}

int ctl_export(const struct ctl_use_of *use, const char *config, bool json)
{
    struct desk desk;
    const char *case_ref = ctl_value(use, "CASE_REF");
    bool permissions = !str_empty(ctl_value(use, "--permissions"));
    bool record = !str_empty(ctl_value(use, "--record"));
    if (permissions + record + !str_empty(case_ref) != 1)
        return fail(EX_USAGE, "export needs one of CASE_REF, --permissions, --record");
    if (!str_empty(case_ref) && !event_case_ref_valid(case_ref))
        return fail(EX_DATAERR, "a case reference such as cr-7f3k92qxm4t8b is wanted");
    int status = open_desk(&desk, config, !str_empty(case_ref));
    if (status != EX_OK)
        return status;
    if (str_empty(case_ref))
        status = export_record(&desk, permissions, json);
    else
        status = export_subject(&desk, case_ref, json);
    close_desk(&desk);
    return status;
}

static void chain_text(struct buf *out, const struct audit_chain *c)
{
    buf_printf(out, "Zeilen: %lld, davon %lld mit gelöschtem Inhalt\n", (long long)c->rows,
               (long long)c->erased);
    if (c->checkpoint_seq)
        buf_printf(out, "Beginnt hinter Zeile %lld; ältere sind nach Ablauf ihrer Frist entfernt\n",
                   (long long)c->checkpoint_seq);
    if (c->broken_seq) {
        buf_printf(out,
                   "GEBROCHEN: Zeile %lld folgt nicht aus der davor. Das Protokoll wurde "
                   "verändert; Speicher sichern und die Datenschutzstelle benachrichtigen.\n",
                   (long long)c->broken_seq);
        return;
    }
    buf_puts(out, "Die Kette ist unversehrt.\n");
    buf_printf(out, "Kopf: Zeile %lld", (long long)c->head_seq);
    if (c->head_ms) {
        buf_puts(out, " vom ");
        time_german(out, c->head_ms);
    }
    buf_puts(out, ", ");
    digest_hex(out, c->head, sizeof c->head);
    buf_addc(out, '\n');
}

static void chain_json(struct buf *out, const struct audit_chain *c)
{
    struct buf head = BUF_INIT;
    digest_hex(&head, c->head, sizeof c->head);
    buf_addc(out, '{');
    json_member_bool(out, "holds", !c->broken_seq);
    json_member_int(out, "rows", c->rows);
    json_member_int(out, "erased", c->erased);
    json_member_int(out, "first", c->first_seq);
    json_member_int(out, "checkpoint", c->checkpoint_seq);
    if (c->broken_seq)
        json_member_int(out, "broken", c->broken_seq);
    json_member_int(out, "head_row", c->head_seq);
    json_member_time(out, "head_at", c->head_ms);
    json_member_text(out, "head", buf_str(&head));
    buf_addc(out, '}');
    buf_release(&head);
}

int ctl_audit_verify(const struct ctl_use_of *use, const char *config, bool json)
{
    struct desk desk;
    struct audit_chain chain;
    struct buf text = BUF_INIT;
    (void)use;
    int status = open_desk(&desk, config, true);
    if (status != EX_OK)
        return status;
    store_audit_follow(desk.store, &chain);
    if (store_failed(desk.store)) {
        status = read_trouble(&desk);
    } else {
        if (json)
            chain_json(&text, &chain);
        else
            chain_text(&text, &chain);
        print(&text);
        status = chain.broken_seq ? 1 : EX_OK;
    }
    close_desk(&desk);
    buf_release(&text);
    return status;
}

struct rows {
    struct buf text;
    bool json;
    int64_t n;
};

static void put_row(void *context, const struct audit_row *row)
{
    struct rows *rows = context;
    rows->n++;
    if (!rows->json) {
        audit_text(&rows->text, row->at_ms, row->content);
        buf_addc(&rows->text, '\n');
        return;
    }
    json_comma(&rows->text);
    buf_addc(&rows->text, '{');
    json_member_int(&rows->text, "row", row->seq);
    json_member_time(&rows->text, "at", row->at_ms);
    json_member_text(&rows->text, "what", row->content);
    json_member_bool(&rows->text, "erased", str_empty(row->content));
    buf_addc(&rows->text, '}');
}

int ctl_audit_show(const struct ctl_use_of *use, const char *config, bool json)
{
    struct desk desk;
    struct rows rows = {.text = BUF_INIT, .json = json};
    int64_t item_seq = 0;
    int status = open_desk(&desk, config, true);
    if (status != EX_OK)
        return status;
    if (!code_read(ctl_value(use, "ID"), &item_seq, desk.keys.code)) {
        status = fail(EX_DATAERR, "an item code such as K7F3-92QX is wanted");
    } else {
        buf_puts(&rows.text, json ? "[" : "");
        store_audit_each(desk.store, item_seq, &rows, put_row);
        buf_puts(&rows.text, json ? "]" : "");
        if (store_failed(desk.store))
            status = read_trouble(&desk);
        else if (!rows.n)
            status = fail(EX_DATAERR, "there is no item with that code, or its time is over");
        else
            print(&rows.text);
    }
    close_desk(&desk);
    buf_release(&rows.text);
    return status;
}
