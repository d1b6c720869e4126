/*
 * The commands of stafettectl: one table that gives the parsing, the control call and the help, so
 * that a new command is one row. Pure.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum { CTL_PARAMS_MAX = 12 };

enum ctl_form { CTL_END, CTL_OPERAND, CTL_OPTION, CTL_FLAG };

/* Where the value goes. */
enum ctl_use {
    CTL_QUERY, /* key=value in the query; a flag gives key=1, or its key as it is when it has '=' */
    CTL_PATH,  /* behind the path */
    CTL_BODY,  /* name of the file that is the body */
    CTL_LOCAL  /* the command's own */
};

struct ctl_param {
    enum ctl_form form;
    const char *name; /* "FILE", "--at" */
    enum ctl_use use;
    const char *key; /* of the query; of an option: what its value is called in the help */
    bool needed;
    const char *help;
};

/* Commands that need no call. */
enum ctl_local {
    CTL_REMOTE,
    CTL_OUTBOX, /* a look into the store; the call is for what only the daemon knows */
    CTL_OUTBOX_LIST,
    CTL_OUTBOX_SHOW,
    CTL_MAIL_IN, /* a call, whose exit status is for a mail server */
    CTL_BACKUP,
    CTL_RESTORE,
    CTL_WATCH,
    CTL_DEADLINE,
    CTL_CLASSES,
    CTL_STATES,
    CTL_PRESETS,
    CTL_LEDGER,
    CTL_EXPORT,
    CTL_AUDIT_VERIFY,
    CTL_AUDIT_SHOW
};

struct ctl_command {
    const char *words; /* "item list" */
    const char *help;  /* one line */
    enum ctl_local local;
    const char *method; /* of the call */
    const char *path;
    const char *raw;   /* member of the answer that is printed as it is; NULL: the whole, as text */
    const char *empty; /* what is said instead of an empty list */
    struct ctl_param param[CTL_PARAMS_MAX];
};

/* A command with its arguments; texts belong to argv. */
struct ctl_use_of {
    const struct ctl_command *command;
    const char *value[CTL_PARAMS_MAX]; /* NULL: not given */
    bool help;
};

/* The table, ended by a row without words. */
const struct ctl_command *ctl_commands(void);

/* Finds the command at the beginning of the arguments and reads the rest. Returns 0, or -1 with a
 * sentence in err that says how to get help. */
int ctl_parse(struct ctl_use_of *use, int argc, char *const *argv, struct buf *err);

/* The value of a parameter by its name; "" when not given. */
const char *ctl_value(const struct ctl_use_of *use, const char *name);

/* Appends path and query of the call, escaped; and the name of the file that is its body, "" when
 * it has none. */
void ctl_target(struct buf *out, const struct ctl_use_of *use);
const char *ctl_body_file(const struct ctl_use_of *use);

/* Help: all commands, or one. */
void ctl_help_all(struct buf *out);
void ctl_help_one(struct buf *out, const struct ctl_command *command);

#endif
