/*
 * Adapters null_email and null_sms: take every message and forget it, for measuring and for trying
 * out a configuration without telling anybody.
 *
 * Promises: every job ends as sent, at once. Writes nothing; a crash leaves nothing. Not for
 * production: a transport of this kind loses notices, and the check says so as a warning.
 */
#include <string.h>

#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"
#include "adapter.h"
#include "adapters_list.h"

static const struct adapter_option options[] = {
    {NULL, OPTION_TEXT, NULL, NULL},
};

static int check(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    conf_warning(faults, node,
                 "transport \"%s\" forgets every message (adapter %s); use it only for trials",
                 t->name, t->adapter->name);
    return 0;
}

static void deliver(struct job *job)
{
    const char *body = job->message.body ? job->message.body : "";
    digest_sha256(job->result.bytes_hash, body, strlen(body));
    str_copy(job->result.provider_id, sizeof job->result.provider_id, "null");
    job_end(job, ATTEMPT_SENT, CLASS_NONE, 0);
}

const struct adapter adapter_null_email = {
    .name = "null_email",
    .channel = CHANNEL_EMAIL,
    .engine = ENGINE_CARRIER,
    .options = options,
    .check = check,
    .deliver = deliver,
};

const struct adapter adapter_null_sms = {
    .name = "null_sms",
    .channel = CHANNEL_SMS,
    .engine = ENGINE_CARRIER,
    .options = options,
    .check = check,
    .deliver = deliver,
};
