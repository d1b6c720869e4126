/*
 * Configuration files as a tree of nodes: see conf.h.
 *
 * Each top file is parsed by a config_t of its own, which stays until conf_free() because the nodes
 * borrow its texts; conf_source.c puts includes in place before, so that libconfig opens nothing.
 * libconfig's automatic conversions stay off: a number is never taken for a text or the reverse.
 *
 * Promises: every fault of form names file and line; nothing is written, nothing global is kept, so
 * it may run on any thread. A file with a syntax error is left out as a whole (conf_whole()); then
 * libconfig 1.5 leaks the text at which it stopped, some dozen bytes.
 */
#include "conf.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf_source.h"
#include "util.h"

enum { NODE_DEPTH_MAX = 48, FILES_MAX = 1000 };

struct part {
    struct conf_source source;
    config_t config;
};

/* The root is the first member: a root pointer is a tree pointer. */
struct tree {
    struct conf_node root;
    char *path;
    struct part **part;
    size_t parts, parts_cap, roots_cap;
    bool whole;
    char version[17];
};

static struct conf_node *build(const struct conf_source *source, const config_setting_t *setting,
                               int depth, struct conf_faults *faults);

static void build_children(struct conf_node *node, const struct conf_source *source,
                           const config_setting_t *setting, int depth, struct conf_faults *faults)
{
    int n = config_setting_length(setting);
    if (n > 0 && depth >= NODE_DEPTH_MAX) {
        conf_fault(faults, node, "nested too deep");
        return;
    }
    node->child = xcalloc((size_t)n, sizeof *node->child);
    for (int i = 0; i < n; i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        node->child[node->children++] = build(source, member, depth + 1, faults);
    }
}

static void build_text(struct conf_node *node, const config_setting_t *setting,
                       struct conf_faults *faults)
{
    const char *text = config_setting_get_string(setting);
    node->type = CONF_TEXT;
    node->text = text ? text : "";
    if (!utf8_valid(node->text, strlen(node->text))) {
        conf_fault(faults, node, "the text is not UTF-8; write the letters themselves, not \\x..");
        node->text = "";
    }
}

static struct conf_node *build(const struct conf_source *source, const config_setting_t *setting,
                               int depth, struct conf_faults *faults)
{
    struct conf_place at = conf_source_place(source, (int)config_setting_source_line(setting));
    struct conf_node *node = xcalloc(1, sizeof *node);
    node->name = config_setting_name(setting) ? config_setting_name(setting) : "";
    node->text = "";
    node->file = at.file;
    node->line = at.line;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        node->type = CONF_INT;
        node->number = config_setting_get_int64(setting);
        break;
    case CONFIG_TYPE_FLOAT:
        node->type = CONF_REAL;
        node->real = config_setting_get_float(setting);
        break;
    case CONFIG_TYPE_BOOL:
        node->type = CONF_BOOL;
        node->number = config_setting_get_bool(setting);
        break;
    case CONFIG_TYPE_STRING:
        build_text(node, setting, faults);
        break;
    default:
        node->type = config_setting_is_group(setting) ? CONF_GROUP : CONF_LIST;
        build_children(node, source, setting, depth, faults);
        break;
    }
    return node;
}

static void node_free(struct conf_node *node)
{
    for (size_t i = 0; i < node->children; i++) {
        node_free(node->child[i]);
        free(node->child[i]);
    }
    free(node->child);
}

static struct tree *tree_new(const char *path)
{
    struct tree *tree = xcalloc(1, sizeof *tree);
    tree->path = xstrdup(path);
    tree->whole = true;
    tree->root.name = "";
    tree->root.text = "";
    tree->root.file = tree->path;
    tree->root.type = CONF_GROUP;
    return tree;
}

void conf_free(struct conf_node *root)
{
    struct tree *tree = (struct tree *)root;
    if (!tree)
        return;
    node_free(root);
    for (size_t i = 0; i < tree->parts; i++) {
        config_destroy(&tree->part[i]->config);
        conf_source_release(&tree->part[i]->source);
        free(tree->part[i]);
    }
    free(tree->part);
    free(tree->path);
    free(tree);
}

bool conf_whole(const struct conf_node *root)
{
    return ((const struct tree *)root)->whole;
}

const char *conf_version(const struct conf_node *root)
{
    return ((const struct tree *)root)->version;
}

static struct part *add_part(struct tree *tree)
{
    struct part *part = xcalloc(1, sizeof *part);
    conf_source_init(&part->source);
    config_init(&part->config);
    /* conf_source.c has put the includes in place; below this nothing can be opened. */
    config_set_include_dir(&part->config, "/dev/null");
    tree->part = grow(tree->part, tree->parts, &tree->parts_cap, sizeof(struct part *));
    tree->part[tree->parts++] = part;
    return part;
}

/* Takes the members of one file to the root; a name that another file has is a fault. */
static void merge(struct tree *tree, struct conf_node *top, struct conf_faults *faults)
{
    struct conf_node *root = &tree->root;
    size_t before = root->children;
    for (size_t i = 0; i < top->children; i++) {
        struct conf_node *node = top->child[i], *same = NULL;
        for (size_t k = 0; k < before && !same; k++)
            if (str_eq(root->child[k]->name, node->name))
                same = root->child[k];
        if (same) {
            conf_fault(faults, node, "\"%s\" is set in %s:%d already; keep it in one file",
                       node->name, same->file, same->line);
            node_free(node);
            free(node);
            continue;
        }
        root->child = grow(root->child, root->children, &tree->roots_cap, sizeof *root->child);
        root->child[root->children++] = node;
    }
    free(top->child);
    free(top);
}

static void syntax_fault(const struct part *part, struct conf_faults *faults)
{
    struct conf_place at = conf_source_place(&part->source, config_error_line(&part->config));
    const char *why = config_error_text(&part->config);
    conf_fault_at(faults, at.file, at.line, "%s; look at this line and the one before it%s",
                  why ? why : "syntax error",
                  why && str_starts(why, "duplicate")
                      ? ""
                      : " for a missing quote, bracket or equals sign, or a comma too many");
}

static void parse(struct tree *tree, struct part *part, struct conf_faults *faults)
{
    if (config_read_string(&part->config, buf_str(&part->source.text))) {
        const config_setting_t *top = config_root_setting(&part->config);
        merge(tree, build(&part->source, top, 0, faults), faults);
    } else {
        syntax_fault(part, faults);
        tree->whole = false;
    }
}

static void read_file(struct tree *tree, const char *path, struct conf_faults *faults)
{
    struct part *part = add_part(tree);
    if (conf_source_file(&part->source, path, faults))
        parse(tree, part, faults);
    else
        tree->whole = false;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the *.conf files in a directory, sorted by their bytes, so that the order is the same
 * under every locale; hidden files are left out. The caller frees them. */
static char **list_files(DIR *dir, size_t *count)
{
    size_t n = 0, cap = 0;
    char **name = NULL;
    for (struct dirent *e; n < FILES_MAX && (e = readdir(dir));)
        if (e->d_name[0] != '.' && str_ends(e->d_name, ".conf")) {
            name = grow(name, n, &cap, sizeof *name);
            name[n++] = xstrdup(e->d_name);
        }
    if (n > 0)
        qsort(name, n, sizeof *name, by_bytes);
    *count = n;
    return name;
}

static size_t read_directory(struct tree *tree, struct conf_faults *faults)
{
    size_t n = 0;
    DIR *dir = opendir(tree->path);
    if (!dir) {
        conf_fault_at(faults, tree->path, 0, "cannot read the directory: %s", strerror(errno));
        return 0;
    }
    char **name = list_files(dir, &n);
    closedir(dir);
    if (n == 0)
        conf_fault_at(faults, tree->path, 0, "no file *.conf in this directory");
    for (size_t i = 0; i < n; i++) {
        struct buf path = BUF_INIT;
        conf_resolve(&tree->root, name[i], &path);
        read_file(tree, buf_str(&path), faults);
        buf_release(&path);
        free(name[i]);
    }
    free(name);
    return n;
}

static void set_version(struct tree *tree)
{
    struct buf chain = BUF_INIT, hex = BUF_INIT;
    unsigned char hash[DIGEST_FULL];
    for (size_t i = 0; i < tree->parts; i++)
        buf_add(&chain, tree->part[i]->source.hash, DIGEST_FULL);
    digest_sha256(hash, buf_str(&chain), chain.len);
    digest_hex(&hex, hash, 8);
    str_copy(tree->version, sizeof tree->version, buf_str(&hex));
    buf_release(&chain);
    buf_release(&hex);
}

struct conf_node *conf_read(const char *path, struct conf_faults *faults)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        conf_fault_at(faults, path, 0, "cannot read: %s", strerror(errno));
        return NULL;
    }
    struct tree *tree = tree_new(path);
    size_t files = 1;
    if (S_ISDIR(st.st_mode))
        files = read_directory(tree, faults);
    else
        read_file(tree, path, faults);
    set_version(tree);
    if (files > 0 && (tree->root.children > 0 || tree->whole))
        return &tree->root;
    conf_free(&tree->root);
    return NULL;
}

struct conf_node *conf_read_text(const char *name, const char *text, size_t len,
                                 struct conf_faults *faults)
{
    struct tree *tree = tree_new(name);
    struct part *part = add_part(tree);
    conf_source_text(&part->source, name, text, len, faults);
    parse(tree, part, faults);
    set_version(tree);
    return &tree->root;
}

void conf_resolve(const struct conf_node *at, const char *path, struct buf *out)
{
    const char *slash = strrchr(at->file, '/');
    struct stat st;
    if (path[0] != '/' && at->line == 0 && stat(at->file, &st) == 0 && S_ISDIR(st.st_mode))
        buf_printf(out, "%s%s", at->file, str_ends(at->file, "/") ? "" : "/");
    else if (path[0] != '/' && slash)
        buf_add(out, at->file, (size_t)(slash - at->file) + 1);
    buf_puts(out, path);
}
