/*
 * Erasing (DOMAIN R19): what goes with an item when its case is erased or its time is over. Events
 * keep the keyed hashes by which a repeat is recognised, their type, source and outcome; all else
 * of theirs goes. The link of an audit row stays, its content goes only when the case is erased.
 * Bytes are overwritten in the file (secure_delete); store_truncate() then empties the log.
 */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* How many rows of each kind went; added up by each call. */
struct erased {
    int64_t items, events, notices, deliveries, clocks, out_events, audit;
};

/* Everything that hangs on an item, but the item itself and its audit rows. */
void store_erase_dependants(struct store *s, int64_t item_seq, struct erased *erased);

/* Empties the item's row: what is left says that there was an item of this kind, when it came and
 * that it is erased. `owner` is who answers for it now, "" = nobody has to. */
void store_erase_item(struct store *s, int64_t item_seq, const char *owner, int64_t now_ms);

/* Deletes the item's row; its dependants must be gone. */
void store_erase_row(struct store *s, int64_t item_seq);

/* Takes salt and content out of the item's audit rows; returns how many had them. */
int64_t store_erase_audit(struct store *s, int64_t item_seq);

/* What is kept of a case by its keyed hash alone. */
void store_erase_milestones(struct store *s, int64_t case_key);

/* Calls back for each item that is a task of another. */
void store_erase_each_child(struct store *s, int64_t item_seq, void *context,
                            void (*each)(void *context, int64_t child_seq));

/* Calls back for the data of each event of an item (0: of no item, and not empty). The text is
 * valid for the call; the store must not be changed in it. */
void store_erase_each_data(struct store *s, int64_t item_seq, void *context,
                           void (*each)(void *context, int64_t event_seq, const char *source,
                                        const char *data));

/* Empties one event. */
void store_erase_event(struct store *s, int64_t event_seq);

#endif
