/*
 * conf.c, conf_get.c, conf_source.c: the tree with its places, the faults of form, and the readers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "rig_dir.h"

static char *dir;

static int make_dir(void **state)
{
    (void)state;
    dir = rig_dir();
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    rig_dir_free(dir);
    return 0;
}

/* Reads below dir; the faults are in `report` with the directory's name taken out. */
static struct conf_node *read_below(const char *name, struct buf *report, size_t *errors)
{
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    char path[256];
    snprintf(path, sizeof path, "%s%s%s", dir, *name ? "/" : "", name);
    struct conf_node *root = conf_read(path, &faults);
    const char *p = buf_str(&text);
    for (const char *hit; (hit = strstr(p, dir)); p = hit + strlen(dir) + (hit[strlen(dir)] == '/'))
        buf_add(report, p, (size_t)(hit - p));
    buf_puts(report, p);
    *errors = faults.errors;
    buf_release(&text);
    return root;
}

static const struct {
    const char *label, *in, *want; /* want: the report, or "" */
} forms[] = {
    {"plain", "a = 1; b = \"x\";", ""},
    {"empty", "", ""},
    {"syntax", "a = 1;\nb = ;\n",
     "f:2: syntax error; look at this line and the one before it for a missing quote, bracket or "
     "equals sign, or a comma too many\n"},
    {"duplicate", "a = 1;\na = 2;\n",
     "f:2: duplicate setting name; look at this line and the one before it\n"},
    {"mark",
     "\xef\xbb\xbf"
     "a = 1;\n",
     "f:1: the file starts with a byte order mark; save it as UTF-8 without BOM\n"},
    {"latin1", "a = 1;\nb = \"\xfc\";\n",
     "f:2: not UTF-8 (perhaps ISO 8859-1); save the file as UTF-8\n"
     "f:2: the text is not UTF-8; write the letters themselves, not \\x..\n"},
    {"latin1 by escape", "b = \"\\xfc\";\n",
     "f:1: the text is not UTF-8; write the letters themselves, not \\x..\n"},
    {"nul by escape", "b = \"a\\x00b\";\n", "f:1: \\x00 would cut the text off; remove it\n"},
    {"wrap", "port = 4294968179;\n",
     "f:1: the number is too large; write lengths of time and sizes as texts with a unit (\"15m\", "
     "\"5 MB\")\n"},
    {"wrap in hexadecimal", "port = 0xFFFFFFFF;\n",
     "f:1: the number is too large; write lengths of time and sizes as texts with a unit (\"15m\", "
     "\"5 MB\")\n"},
    {"large beyond 64 bits", "n = 99999999999999999999L;\n",
     "f:1: the number is too large; write lengths of time and sizes as texts with a unit (\"15m\", "
     "\"5 MB\")\n"},
    {"numbers that fit", "a = 2147483647; b = 5000000000L; c = 1e10; d9999999999 = -5; e = 4.5;\n",
     ""},
    {"digits in text and comment",
     "a = \"4294968179\"; # 4294968179\n/* 4294968179\n 9999999999 */ "
     "b = 1; // 9999999999\nc = \"\\\"9999999999\";\n",
     ""},
    {"include in memory", "@include \"other\"\n", "f:1: @include is not possible here\n"},
    {"include in a comment", "/*\n@include \"other\"\n*/\n# @include \"x\"\n", ""},
    {"include without quotes", "@include other\n",
     "f:1: write it as @include \"file\" on a line of its own\n"},
    {"line of a fault past a comment", "/* 1\n2\n3 */\nx = 1;\n\n  y = ]\n",
     "f:6: syntax error; look at this line and the one before it for a missing quote, bracket or "
     "equals sign, or a comma too many\n"},
};

static void test_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct buf report = BUF_INIT;
        struct conf_faults faults = {.text = &report};
        struct conf_node *root = conf_read_text("f", forms[i].in, strlen(forms[i].in), &faults);
        if (!str_eq(buf_str(&report), forms[i].want))
            fail_msg("%s: got \"%s\"", forms[i].label, buf_str(&report));
        assert_int_equal(faults.errors > 0, !str_empty(forms[i].want));
        conf_free(root);
        buf_release(&report);
    }
}

static void test_nul_byte(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    conf_free(conf_read_text("f", "a = 1;\n\0b = 2;\n", 15, &faults));
    assert_string_equal(buf_str(&report), "f:2: NUL byte in the text; remove it\n");
    buf_release(&report);
}

static void test_deep(void **state)
{
    (void)state;
    struct buf report = BUF_INIT, text = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    buf_puts(&text, "a = ");
    for (int i = 0; i < 300; i++)
        buf_addc(&text, '(');
    for (int i = 0; i < 300; i++)
        buf_addc(&text, ')');
    buf_puts(&text, ";\n");
    conf_free(conf_read_text("f", buf_str(&text), text.len, &faults));
    assert_string_equal(buf_str(&report), "f:1: nested too deep\n");
    buf_release(&report);
    buf_release(&text);
}

static void test_tree(void **state)
{
    (void)state;
    static const char text[] = "g = {\n  n = -7;\n  t =\n    \"zwei \" \"Wörter\";\n};\n"
                               "l = ( { x = true; },\n  2.5, [ \"a\", \"b\" ] );\n";
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    struct conf_node *root = conf_read_text("f", text, strlen(text), &faults);
    assert_int_equal(root->children, 2);
    struct conf_node *g = conf_get(root, "g"), *l = conf_get(root, "l");
    assert_int_equal(conf_int(g, "n", 0, -10, 10, &faults), -7);
    assert_string_equal(conf_text(g, "t", "", &faults), "zwei Wörter");
    assert_int_equal(conf_get(g, "t")->line, 3);
    assert_int_equal(l->type, CONF_LIST);
    assert_int_equal(l->children, 3);
    assert_true(conf_bool(l->child[0], "x", false, &faults));
    assert_int_equal(l->child[1]->type, CONF_REAL);
    assert_true(l->child[1]->real > 2.4 && l->child[1]->real < 2.6);
    assert_int_equal(l->child[1]->line, 7);
    assert_string_equal(l->child[2]->child[1]->text, "b");
    assert_null(conf_get(l, "x"));
    assert_null(conf_get(NULL, "x"));
    assert_string_equal(buf_str(&report), "");
    conf_free(root);
    buf_release(&report);
}

static void test_readers(void **state)
{
    (void)state;
    static const char text[] = "t = 5;\ni = \"5\";\nj = 70000;\nb = 1;\nd = \"5 parsecs\";\n"
                               "e = 15;\nf = \"15m\";\ns = \"5 MB\";\nr = \"many\";\n";
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    struct conf_node *root = conf_read_text("f", text, strlen(text), &faults);
    assert_string_equal(conf_text(root, "t", "otherwise", &faults), "otherwise");
    assert_int_equal(conf_int(root, "i", 3, 0, 9, &faults), 3);
    assert_int_equal(conf_int(root, "j", 3, 1, 65535, &faults), 3);
    assert_true(conf_bool(root, "b", true, &faults));
    assert_int_equal(conf_duration_ms(root, "d", 11, &faults), 11);
    assert_int_equal(conf_duration_ms(root, "e", 12, &faults), 12);
    assert_int_equal(conf_duration_ms(root, "f", 0, &faults), 15 * 60 * 1000);
    assert_int_equal(conf_duration_ms(root, "absent", 13, &faults), 13);
    assert_int_equal(conf_size_bytes(root, "s", 0, &faults), 5 << 20);
    assert_int_equal(conf_size_bytes(root, "r", 14, &faults), 14);
    assert_string_equal(
        buf_str(&report),
        "f:1: \"t\" must be a text in quotes\n"
        "f:2: \"i\" must be a whole number without quotes\n"
        "f:3: \"j\" must be from 1 to 65535\n"
        "f:4: \"b\" must be true or false\n"
        "f:5: \"d\" must be a length of time in quotes such as \"90s\", \"15m\", \"2h\" or \"3d\"\n"
        "f:6: \"e\" must be a length of time in quotes such as \"90s\", \"15m\", \"2h\" or \"3d\"\n"
        "f:9: \"r\" must be a size in quotes such as \"64 KB\" or \"5 MB\"\n");
    assert_int_equal(faults.errors, 7);
    conf_free(root);
    buf_release(&report);
}

static void test_unused(void **state)
{
    (void)state;
    static const char *const known[] = {"host", "port", NULL};
    static const char text[] = "host = \"h\";\nprot = 1;\ncolour = 2;\n";
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    struct conf_node *root = conf_read_text("f", text, strlen(text), &faults);
    conf_text(root, "host", "", &faults);
    conf_check_unused(root, known, &faults);
    assert_string_equal(buf_str(&report), "f:2: unknown setting \"prot\"; did you mean \"port\"?\n"
                                          "f:3: unknown setting \"colour\"; remove it\n");
    conf_free(root);
    buf_release(&report);
}

static void test_fault_is_one_line(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    conf_fault_at(&faults, "f", 3, "bad \"%s\"", "x\nf:4: forged");
    assert_string_equal(buf_str(&report), "f:3: bad \"x f:4: forged\"\n");
    struct conf_node at = {.file = "g", .line = 0};
    conf_warning(&faults, &at, "hm");
    assert_non_null(strstr(buf_str(&report), "\ng: warning: hm\n"));
    assert_int_equal(faults.errors, 1);
    assert_int_equal(faults.warnings, 1);
    buf_release(&report);
}

static void test_directory(void **state)
{
    (void)state;
    rig_write(dir, "b.conf", "b = { x = 1; };\n");
    rig_write(dir, "a.conf", "a = 1;\n@include \"inc/more.inc\"\nz = 9;\n");
    rig_write(dir, ".hidden.conf", "h = 1;\n");
    rig_write(dir, "a.conf~", "old = 1;\n");
    char path[256];
    snprintf(path, sizeof path, "%s/inc", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    rig_write(dir, "inc/more.inc", "m = 1;\n  @include \"deeper.inc\" # beside it\nm2 = \"t\";\n");
    rig_write(dir, "inc/deeper.inc", "d = 3;\n");
    struct buf report = BUF_INIT;
    size_t errors;
    struct conf_node *root = read_below("", &report, &errors);
    assert_string_equal(buf_str(&report), "");
    static const struct {
        const char *name, *file;
        int line;
    } want[] = {{"a", "a.conf", 1},        {"m", "inc/more.inc", 1}, {"d", "inc/deeper.inc", 1},
                {"m2", "inc/more.inc", 3}, {"z", "a.conf", 3},       {"b", "b.conf", 1}};
    assert_int_equal(root->children, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_string_equal(root->child[i]->name, want[i].name);
        assert_true(str_ends(root->child[i]->file, want[i].file));
        assert_int_equal(root->child[i]->line, want[i].line);
    }
    struct buf resolved = BUF_INIT;
    conf_resolve(conf_get(root, "d"), "keys", &resolved);
    assert_true(str_ends(buf_str(&resolved), "/inc/keys"));
    buf_reset(&resolved);
    conf_resolve(root, "keys", &resolved);
    assert_int_equal(resolved.len, strlen(dir) + strlen("/keys"));
    buf_reset(&resolved);
    conf_resolve(root, "/etc/keys", &resolved);
    assert_string_equal(buf_str(&resolved), "/etc/keys");
    buf_release(&resolved);
    conf_free(root);
    buf_release(&report);
}

static void test_version(void **state)
{
    (void)state;
    static const char *const body[] = {"d = 3;\n", "d = 4;\n", "d = 3; # why\n", "d = 3;\n"};
    char seen[4][17];
    for (size_t i = 0; i < COUNT_OF(body); i++) {
        struct buf report = BUF_INIT;
        size_t errors;
        rig_write(dir, "inc/deeper.inc", body[i]);
        struct conf_node *root = read_below("", &report, &errors);
        assert_int_equal(errors, 0);
        assert_int_equal(strlen(conf_version(root)), 16);
        memcpy(seen[i], conf_version(root), 17);
        conf_free(root);
        buf_release(&report);
    }
    assert_string_not_equal(seen[0], seen[1]);
    assert_string_not_equal(seen[0], seen[2]);
    assert_string_equal(seen[0], seen[3]);
}

static void test_directory_faults(void **state)
{
    (void)state;
    rig_write(dir, "c.conf", "b = 2;\nc = 1;\n");
    rig_write(dir, "d.conf", "@include \"absent.inc\"\n");
    rig_write(dir, "e.conf", "e = 1;\n@include \"inc\"\n");
    rig_write(dir, "f.conf", "x =\n");
    rig_write(dir, "g.conf", "@include \"g.conf\"\n");
    struct buf report = BUF_INIT;
    size_t errors;
    struct conf_node *root = read_below("", &report, &errors);
    assert_non_null(root);
    assert_false(conf_whole(root));
    assert_non_null(conf_get(root, "c"));
    assert_null(conf_get(root, "e"));
    assert_string_equal(
        buf_str(&report),
        "c.conf:1: \"b\" is set in b.conf:1 already; keep it in one file\n"
        "d.conf:1: cannot read absent.inc: No such file or directory\n"
        "e.conf:2: inc is not a regular file\n"
        "f.conf:1: syntax error; look at this line and the one before it for a missing quote, "
        "bracket or equals sign, or a comma too many\n"
        "g.conf:1: includes are nested too deep; does a file include itself?\n");
    assert_int_equal(errors, 5);
    conf_free(root);
    buf_release(&report);
}

static void test_unreadable(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    size_t errors;
    assert_null(read_below("nothing.conf", &report, &errors));
    assert_string_equal(buf_str(&report), "nothing.conf: cannot read: No such file or directory\n");
    char path[256];
    snprintf(path, sizeof path, "%s/empty", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    buf_reset(&report);
    assert_null(read_below("empty", &report, &errors));
    assert_string_equal(buf_str(&report), "empty: no file *.conf in this directory\n");
    snprintf(path, sizeof path, "%s/pipe.conf", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    buf_reset(&report);
    assert_null(read_below("pipe.conf", &report, &errors));
    assert_string_equal(buf_str(&report), "pipe.conf: pipe.conf is not a regular file\n");
    buf_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_nul_byte),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_unused),
        cmocka_unit_test(test_fault_is_one_line),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_directory_faults),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
