/*
 * Events from the gateway to a source: see out_event.h.
 */
#include "out_event.h"

#include "buf.h"
#include "config.h"
#include "event.h"
#include "gateway.h"
#include "json.h"
#include "store_out.h"

void out_event_start(struct buf *out, const struct stafette *g, const char *mark, int64_t number,
                     const char *type)
{
    const char *instance = g->config->settings.instance;
    buf_printf(out,
               "{\"specversion\":\"1.0\",\"id\":\"%s-%s%lld\",\"source\":\"/stafette/%s\","
               "\"type\":\"",
               instance, mark, (long long)number, instance);
    event_full_type(out, type);
    buf_addc(out, '"');
    json_member_time(out, "time", g->now_ms);
    json_member_text(out, "datacontenttype", "application/json");
    json_put_name(out, "data");
    buf_addc(out, '{');
}

void out_event_end(struct buf *out)
{
    buf_puts(out, "}}");
}

void out_event_post(struct stafette *g, struct out_event *out, const char *source,
                    const char *channel, struct buf *text)
{
    struct buf topic = BUF_INIT;
    buf_printf(&topic, "stafette/out/%s/%s", source, channel);
    out->topic = buf_str(&topic);
    out->payload = buf_str(text);
    store_out_add(g->store, out);
    buf_release(&topic);
    buf_release(text);
}
