/* The imports of Hairspring's reactor ABI, version 1. docs/wasm.md describes them. */
#ifndef HAIRSPRING_H
#define HAIRSPRING_H

#include <stdint.h>

#define HS_IMPORT(name) __attribute__((import_module("hairspring_v1"), import_name(#name)))
/* Put before the handler: `HS_HANDLER int32_t handle(void) { … }`. */
#define HS_HANDLER __attribute__((export_name("hairspring_message")))

/* What reads returns the whole length, or -1 when there is nothing of the name. */
HS_IMPORT(subject_read) int32_t hs_subject_read(char *buffer, uint32_t room);
HS_IMPORT(data_read) int32_t hs_data_read(char *buffer, uint32_t room);
HS_IMPORT(param_read) int32_t hs_param_read(const char *name, uint32_t length, char *buffer, uint32_t room);
HS_IMPORT(header_read) int32_t hs_header_read(const char *name, uint32_t length, char *buffer, uint32_t room);
HS_IMPORT(env_read) int32_t hs_env_read(const char *name, uint32_t length, char *buffer, uint32_t room);
/* Milliseconds since the epoch. */
HS_IMPORT(deadline_ms) int64_t hs_deadline_ms(void);

HS_IMPORT(reply_write) void hs_reply_write(const char *text, uint32_t length);
HS_IMPORT(reply_header)
void hs_reply_header(const char *name, uint32_t name_length, const char *value, uint32_t value_length);

/* level: 0 debug, 1 info, 2 warn, 3 error. */
HS_IMPORT(log) void hs_log(uint32_t level, const char *text, uint32_t length);

/* Calls a host service and waits. `args` is a JSON array. Returns 0, or 1 when the call failed. */
HS_IMPORT(call)
int32_t hs_call(const char *binding, uint32_t binding_length, const char *op, uint32_t op_length,
                const char *args, uint32_t args_length, const char *payload, uint32_t payload_length);
/* The last call's value as JSON; after a failure {"code", "message", "retryable"}. */
HS_IMPORT(result_value) int32_t hs_result_value(char *buffer, uint32_t room);
/* The last call's bytes. */
HS_IMPORT(result_data) int32_t hs_result_data(char *buffer, uint32_t room);

#endif
