/*
 * What a data protection officer asks the operator for, as German text from the loaded
 * configuration (DOMAIN R20): the permission matrix (R9), and the processing record of Art. 30
 * DSGVO with purposes, kinds of data, recipients, periods and safeguards. Pure.
 */
#ifndef RECORD_H
#define RECORD_H

struct buf;
struct config;

void record_permissions(struct buf *out, const struct config *config);
void record_processing(struct buf *out, const struct config *config);

#endif
