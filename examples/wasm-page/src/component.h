/* What a component in C sees of wasi:http and the streams of wasi:io. Handles are numbers. */
#ifndef PAGE_COMPONENT_H
#define PAGE_COMPONENT_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))
#define HTTP(name) IMPORT("wasi:http/types@0.2.3", name)
#define STREAMS(name) IMPORT("wasi:io/streams@0.2.3", name)

typedef struct {
  const char *text;
  size_t length;
} string;

/* option<string> */
typedef struct {
  uint8_t is_there;
  string value;
} optional;

/* result<handle> */
typedef struct {
  uint8_t failed;
  int32_t handle;
} made;

/* result<list<u8>, stream-error> and result<_, stream-error> */
typedef struct {
  uint8_t failed;
  union {
    string bytes;
    struct {
      uint8_t tag;
      int32_t error;
    } error;
  };
} moved;

/* result<_, header-error> */
typedef struct {
  uint8_t failed, tag;
} appended;

/* result<_, error-code> */
typedef struct {
  uint8_t failed;
  _Alignas(8) uint8_t code[40];
} finished;

/* The handler of each request. */
void handle(int32_t request, int32_t outparam);

EXPORT("wasi:http/incoming-handler@0.2.3#handle")
void http_handle(int32_t request, int32_t outparam) { handle(request, outparam); }

/* Room for what the host writes. Each request has a new instance, so nothing need be freed. */
extern unsigned char __heap_base;
static size_t heap_end = 0;

EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old, (void)old_size;
  if (heap_end == 0) heap_end = (size_t)&__heap_base;
  size_t start = (heap_end + align - 1) & ~(align - 1);
  heap_end = start + size;
  size_t room = __builtin_wasm_memory_size(0) * 65536;
  if (heap_end > room && __builtin_wasm_memory_grow(0, (heap_end - room + 65535) / 65536) == (size_t)-1)
    __builtin_trap();
  return (void *)start;
}

HTTP("[constructor]fields")
int32_t fields_new(void);
HTTP("[method]fields.append")
void fields_append(int32_t fields, const char *name, size_t name_length, const char *value, size_t value_length,
                   appended *result);
HTTP("[method]incoming-request.path-with-query")
void request_path(int32_t request, optional *result);
HTTP("[method]incoming-request.consume")
void request_consume(int32_t request, made *result);
HTTP("[method]incoming-body.stream")
void incoming_body_stream(int32_t body, made *result);
HTTP("[constructor]outgoing-response")
int32_t response_new(int32_t fields);
HTTP("[method]outgoing-response.set-status-code")
int32_t response_set_status(int32_t response, int32_t status);
HTTP("[method]outgoing-response.body")
void response_body(int32_t response, made *result);
HTTP("[method]outgoing-body.write")
void outgoing_body_write(int32_t body, made *result);
HTTP("[static]outgoing-body.finish")
void outgoing_body_finish(int32_t body, int32_t has_trailers, int32_t trailers, finished *result);
/* The last six are for an error code. */
HTTP("[static]response-outparam.set")
void outparam_set(int32_t outparam, int32_t failed, int32_t response, int32_t p0, int64_t p1, int32_t p2, int32_t p3,
                  int32_t p4, int32_t p5);
STREAMS("[method]input-stream.blocking-read")
void input_stream_read(int32_t stream, uint64_t length, moved *result);
STREAMS("[method]output-stream.blocking-write-and-flush")
void output_stream_write(int32_t stream, const char *bytes, size_t length, moved *result);
STREAMS("[resource-drop]output-stream")
void output_stream_drop(int32_t stream);

#endif
