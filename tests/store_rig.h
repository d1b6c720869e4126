/*
 * What the tests of the store share: a store in a directory of its own for each test, and rows.
 */
#ifndef STORE_RIG_H
#define STORE_RIG_H

#include "../daemon/digest.h"
#include "../daemon/store.h"
#include "../daemon/store_clock.h"
#include "../daemon/store_delivery.h"
#include "../daemon/store_event.h"
#include "../daemon/store_item.h"
#include "../daemon/store_notice.h"
#include "../daemon/store_out.h"
#include "rig_dir.h"
#include "store_fault.h"
#include <string.h>

static char *dir;
static char path[512];
static struct store *s;

static inline struct store *reopen(void)
{
    struct buf err = BUF_INIT;
    store_close(s);
    s = store_open(path, &err);
    if (!s)
        fail_msg("%s", buf_str(&err));
    return s;
}

static inline int set_up(void **state)
{
    (void)state;
    store_fault.read_code = store_fault.write_code = SQLITE_OK;
    dir = rig_dir();
    snprintf(path, sizeof path, "%s/store.db", dir);
    s = NULL;
    reopen();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    store_fault.read_code = store_fault.write_code = SQLITE_OK;
    store_close(s);
    rig_dir_free(dir);
    return 0;
}

static inline struct item new_item(const char *ref, int64_t key)
{
    struct item item;
    memset(&item, 0, sizeof item);
    item.seq = store_next(s, SEQ_ITEM);
    item.state = STATE_REQUESTED;
    item.case_key = key;
    item.created_ms = item.changed_ms = 1000 + item.seq;
    str_copy(item.case_ref, sizeof item.case_ref, ref);
    str_copy(item.owner_unit, sizeof item.owner_unit, "asd");
    str_copy(item.waiting_unit, sizeof item.waiting_unit, "sozialbuero");
    store_item_add(s, &item);
    return item;
}

static inline int64_t add_notice(int64_t item_seq, const char *unit, int64_t deadline_ms,
                                 const char *outcome)
{
    struct notice n = {.seq = store_next(s, SEQ_NOTICE),
                       .item_seq = item_seq,
                       .template_name = "handover.requested",
                       .deadline_ms = deadline_ms,
                       .outcome = outcome};
    str_copy(n.unit, sizeof n.unit, unit);
    store_notice_add(s, &n);
    return n.seq;
}

static inline struct delivery add_delivery(int64_t item, int64_t notice, int64_t lane,
                                           int64_t next_ms)
{
    struct delivery d = {.seq = store_next(s, SEQ_DELIVERY),
                         .notice_seq = notice,
                         .item_seq = item,
                         .contact = "asd/1",
                         .lane_id = lane,
                         .template_id = store_template_keep(s, "h1", "t.email.txt", "Text"),
                         .next_ms = next_ms,
                         .expires_ms = 99999};
    store_delivery_add(s, &d);
    return d;
}

static inline void commit(void)
{
    if (store_commit(s) != STORE_DONE)
        fail_msg("not committed: %s", store_trouble(s));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
