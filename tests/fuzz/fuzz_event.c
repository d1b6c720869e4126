/*
 * Fuzzes event_read() with structured and binary messages. Two bytes choose type,
 * mode and retained flag; in binary mode lines before the first empty one are user properties
 * "name=value". Checked besides memory: a refused event keeps no data, and what is taken can be
 * written as JSON and read again with the same result.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/buf.h"
#include "../../daemon/event.h"
#include "../../daemon/json.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { PROPERTIES_MAX = 100 };

static void topic_of(struct buf *out, int type)
{
    buf_puts(out, "stafette/in/jugendamt-kiel/");
    for (const char *p = event_type_name(type); *p; p++)
        buf_addc(out, *p == '.' ? '/' : *p);
}

/* Takes the property lines off the text; returns where the payload begins. */
static char *split_properties(char *text, const char **property)
{
    size_t n = 0;
    while (*text && *text != '\n' && n < 2 * (PROPERTIES_MAX - 1)) {
        char *end = strchr(text, '\n'), *sign = strchr(text, '=');
        if (!end || !sign || sign > end)
            break;
        *end = *sign = '\0';
        property[n++] = text;
        property[n++] = sign + 1;
        text = end + 1;
    }
    property[n] = NULL;
    return *text == '\n' ? text + 1 : text;
}

static void check(const struct event *ev, enum event_verdict verdict)
{
    struct buf data = BUF_INIT, line = BUF_INIT;
    struct json_place where;
    event_data_json(ev, &data);
    assert(verdict != EVENT_FORBIDDEN || str_eq(buf_str(&data), "{}"));
    assert(verdict != EVENT_OK || ev->faults == 0);
    assert(verdict == EVENT_OK || ev->faults > 0);
    struct json *again = json_read(data.data, data.len, &where);
    assert(again);
    json_free(again);
    for (size_t i = 0; i < ev->faults; i++)
        event_fault_german(&ev->fault[i], &line);
    assert(utf8_valid(buf_str(&line), line.len));
    buf_release(&data);
    buf_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const content[] = {"", "application/cloudevents+json", "application/json",
                                          "text/plain"};
    const char *property[2 * PROPERTIES_MAX + 1] = {NULL};
    struct event ev;
    struct buf topic = BUF_INIT;
    if (len < 2)
        return 0;
    char *text = xstrndup((const char *)bytes + 2, len - 2), *payload = text;
    bool binary = (bytes[1] & 3) == 2;
    topic_of(&topic, bytes[0] % (int)event_type_count());
    if (binary)
        payload = split_properties(text, property);
    struct event_input input = {.topic = buf_str(&topic),
                                .payload = payload,
                                .payload_len = (size_t)(text + len - 2 - payload),
                                .content_type = content[bytes[1] & 3],
                                .attribute = property,
                                .retained = (bytes[1] & 12) == 12};
    enum event_verdict verdict = event_read(&ev, &input);
    free(text); /* the input may go */
    check(&ev, verdict);
    event_release(&ev);
    buf_release(&topic);
    return 0;
}
