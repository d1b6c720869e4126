/*
 * All templates of a directory: see templates_load() in template.h.
 *
 * The directory is read once, at load, in name order; a set is never changed after that, so that a
 * text cannot change under a running attempt. A new set is made beside the old one and replaces it
 * as a whole. Refuses files that are too long, and a directory without the texts that the workflow
 * needs: a notice without a text would be found missing only when somebody waits for it.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "template.h"
#include "template_lint.h"
#include "util.h"

struct templates {
    struct template **list;
    size_t count, cap;
};

static int text_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && str_ends(entry->d_name, ".txt");
}

/* alphasort() would follow the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_file(struct templates *all, const char *dir, const char *name,
                      struct conf_faults *faults)
{
    struct buf path = BUF_INIT, text = BUF_INIT, err = BUF_INIT;
    buf_printf(&path, "%s/%s", dir, name);
    if (buf_read_file(&text, buf_str(&path), TEMPLATE_MAX, &err) < 0) {
        conf_fault_at(faults, dir, 0, "%s", buf_str(&err));
    } else {
        struct template *t =
            template_compile_at(name, buf_str(&path), buf_str(&text), text.len, faults);
        if (t) {
            all->list = grow(all->list, all->count, &all->cap, sizeof *all->list);
            all->list[all->count++] = t;
        }
    }
    buf_release(&path);
    buf_release(&text);
    buf_release(&err);
}

static bool is_wanted(const char *type)
{
    for (size_t i = 0; template_wanted(i); i++)
        if (str_eq(template_wanted(i), type))
            return true;
    return false;
}

/* A misspelt name is found from both sides: one too many, one missing. */
static void check_complete(const struct templates *all, const char *dir, struct conf_faults *faults)
{
    for (size_t i = 0; i < all->count; i++) {
        struct conf_node at = {.name = "", .text = "", .file = all->list[i]->name, .line = 1};
        if (!is_wanted(all->list[i]->type))
            conf_warning(faults, &at, "nothing uses a template of this name; correct the name");
    }
    for (size_t i = 0; template_wanted(i); i++)
        for (int c = 0; c < CHANNEL_COUNT; c++)
            if (!str_starts(template_wanted(i), c == CHANNEL_EMAIL ? "sms." : "protected.") &&
                !templates_find(all, template_wanted(i), (enum channel)c))
                conf_fault_at(faults, dir, 0,
                              "%s.%s.txt is missing or faulty; take it from the shipped templates",
                              template_wanted(i), channel_name((enum channel)c));
}

struct templates *templates_load(const char *dir, struct conf_faults *faults)
{
    size_t errors = faults->errors;
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, text_file, by_bytes);
    if (n < 0) {
        conf_fault_at(faults, dir, 0,
                      "cannot read the directory of templates: %s; correct \"templates\" in the "
                      "configuration",
                      strerror(errno));
        return NULL;
    }
    struct templates *all = xcalloc(1, sizeof *all);
    for (int i = 0; i < n; i++) {
        load_file(all, dir, entry[i]->d_name, faults);
        free(entry[i]);
    }
    free(entry);
    check_complete(all, dir, faults);
    if (faults->errors == errors)
        return all;
    templates_free(all);
    return NULL;
}

void templates_free(struct templates *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++)
        template_free(all->list[i]);
    free(all->list);
    free(all);
}

const struct template *templates_find(const struct templates *all, const char *event_type,
                                      enum channel channel)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i]->channel == channel && str_eq(all->list[i]->type, event_type))
            return all->list[i];
    return NULL;
}

size_t templates_count(const struct templates *all)
{
    return all->count;
}

const struct template *templates_at(const struct templates *all, size_t i)
{
    assert(i < all->count);
    return all->list[i];
}
