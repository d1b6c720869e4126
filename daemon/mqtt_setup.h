/*
 * What mqtt.c needs before a connection stands: checked and copied options, and a library object
 * made from them. Nothing here waits or sends.
 */
#ifndef MQTT_SETUP_H
#define MQTT_SETUP_H

struct buf;
struct mosquitto;
struct mqtt_options;

/* Ranges and filters. Returns 0, or -1 with a sentence in err. */
int mqtt_setup_check(const struct mqtt_options *o, struct buf *err);

/* Makes the texts of *o and its list of filters owned copies (NULL becomes ""), or frees them. */
void mqtt_setup_copy(struct mqtt_options *o);
void mqtt_setup_release(struct mqtt_options *o);

/* A library object in external-loop mode with credentials, will and TLS; context is what its
 * callbacks get. Returns a MOSQ_ERR_ code; *lib is set as soon as there is something to destroy. */
int mqtt_setup_object(struct mosquitto **lib, const struct mqtt_options *o, void *context);

/* Notes the v5 properties of CONNECT in the object (nothing with 3.1.1). MOSQ_ERR_ code. */
int mqtt_setup_properties(struct mosquitto *lib, const struct mqtt_options *o);

#endif
