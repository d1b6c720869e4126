/*
 * Preparations of an MQTT session: see mqtt_setup.h. Refuses options that could never lead to a
 * session, so that a wrong configuration shows at start and not in the night. Holds secrets (the
 * password) only in the copied options and wipes them on release.
 */
#include "mqtt_setup.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mqtt.h"
#include "util.h"

/* A keepalive that the library refuses (it wants 0 or at least 5 s). */
enum { REFUSED_KEEPALIVE_S = 1, TEXTS = 9 };

int mqtt_setup_check(const struct mqtt_options *o, struct buf *err)
{
    const char *wrong = NULL;
    if (o->port < 1 || o->port > UINT16_MAX)
        wrong = "the port must be from 1 to 65535";
    else if (o->keepalive_s < 5 || o->keepalive_s > UINT16_MAX)
        wrong = "the keepalive must be from 5 s to 65535 s";
    else if (o->receive_max == 0 || o->packet_max == 0)
        wrong = "receive maximum and packet size must not be 0";
    else if (o->reconnect_max_ms < 1000 || o->reconnect_max_ms > INT32_MAX)
        wrong = "the longest wait between two attempts must be from 1 s to 24 days";
    else if (!o->clean && (!o->client_id || str_empty(o->client_id)))
        wrong = "a lasting session needs a client id";
    for (const char *const *f = o->subscribe; !wrong && f && *f; f++)
        if (mosquitto_sub_topic_check(*f) != MOSQ_ERR_SUCCESS)
            wrong = "a subscription is no valid topic filter";
    if (wrong)
        buf_printf(err, "mqtt: %s", wrong);
    return wrong ? -1 : 0;
}

/* One list, so that copying and freeing cannot differ. */
static void list_texts(struct mqtt_options *o, const char **text[TEXTS])
{
    const char **all[TEXTS] = {&o->host,     &o->client_id,  &o->username,
                               &o->password, &o->ca_file,    &o->cert_file,
                               &o->key_file, &o->will_topic, &o->will_payload};
    memcpy(text, all, sizeof all);
}

void mqtt_setup_copy(struct mqtt_options *o)
{
    const char **text[TEXTS];
    size_t n = 0;
    list_texts(o, text);
    for (int i = 0; i < TEXTS; i++)
        *text[i] = xstrdup(*text[i] ? *text[i] : "");
    while (o->subscribe && o->subscribe[n])
        n++;
    char **filter = xcalloc(n + 1, sizeof *filter);
    for (size_t i = 0; i < n; i++)
        filter[i] = xstrdup(o->subscribe[i]);
    o->subscribe = (const char *const *)filter;
}

void mqtt_setup_release(struct mqtt_options *o)
{
    const char **text[TEXTS];
    list_texts(o, text);
    explicit_bzero((char *)o->password, strlen(o->password));
    for (int i = 0; i < TEXTS; i++)
        free((char *)*text[i]);
    for (const char *const *f = o->subscribe; *f; f++)
        free((char *)*f);
    free((void *)o->subscribe);
}

static int set_tls(struct mosquitto *lib, const struct mqtt_options *o)
{
    const char *ca = str_empty(o->ca_file) ? NULL : o->ca_file;
    const char *cert = str_empty(o->cert_file) ? NULL : o->cert_file;
    const char *key = str_empty(o->key_file) ? NULL : o->key_file;
    int rc = MOSQ_ERR_SUCCESS;
    if (!ca)
        rc = mosquitto_int_option(lib, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    if (!rc && (ca || cert))
        rc = mosquitto_tls_set(lib, ca, ca ? NULL : "/etc/ssl/certs", cert, key, NULL);
    return rc ? rc : mosquitto_tls_opts_set(lib, 1, "tlsv1.2", NULL);
}

int mqtt_setup_object(struct mosquitto **lib, const struct mqtt_options *o, void *context)
{
    int rc = MOSQ_ERR_SUCCESS;
    *lib = mosquitto_new(str_empty(o->client_id) ? NULL : o->client_id, o->clean, context);
    if (!*lib)
        return errno == EINVAL ? MOSQ_ERR_INVAL : MOSQ_ERR_NOMEM;
    mosquitto_threaded_set(*lib, true);
    mosquitto_int_option(*lib, MOSQ_OPT_PROTOCOL_VERSION,
                         o->v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(*lib, MOSQ_OPT_SEND_MAXIMUM, UINT16_MAX);
    mosquitto_int_option(*lib, MOSQ_OPT_TCP_NODELAY, 1);
    if (!str_empty(o->username))
        rc = mosquitto_username_pw_set(*lib, o->username,
                                       str_empty(o->password) ? NULL : o->password);
    if (!rc && !str_empty(o->will_topic))
        rc = mosquitto_will_set(*lib, o->will_topic, (int)strlen(o->will_payload), o->will_payload,
                                1, true);
    if (!rc && o->tls)
        rc = set_tls(*lib, o);
    return rc;
}

/* Only the blocking connect takes properties. It is called with a keepalive that it refuses, which
 * it does after it has noted them and before it connects; the non-blocking connect then sends
 * them. tests/test_mqtt.c finds them on the wire. */
int mqtt_setup_properties(struct mosquitto *lib, const struct mqtt_options *o)
{
    mosquitto_property *p = NULL;
    if (!o->v5)
        return MOSQ_ERR_SUCCESS;
    int rc = mosquitto_property_add_int16(&p, MQTT_PROP_RECEIVE_MAXIMUM, o->receive_max);
    if (!rc)
        rc = mosquitto_property_add_int32(&p, MQTT_PROP_MAXIMUM_PACKET_SIZE, o->packet_max);
    if (!rc && !o->clean)
        rc = mosquitto_property_add_int32(&p, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                          o->session_expiry_s);
    if (rc) {
        mosquitto_property_free_all(&p);
        return rc;
    }
    rc = mosquitto_connect_bind_v5(lib, o->host, o->port, REFUSED_KEEPALIVE_S, NULL, p);
    mosquitto_property_free_all(&p);
    return rc == MOSQ_ERR_INVAL ? MOSQ_ERR_SUCCESS : rc ? rc : MOSQ_ERR_NOT_SUPPORTED;
}
