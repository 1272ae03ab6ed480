/* What a component in C sees of wit/function.wit and wasi:blobstore. */
#ifndef HAIRSPRING_COMPONENT_H
#define HAIRSPRING_COMPONENT_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

typedef struct {
  const char *text;
  size_t length;
} string;

typedef struct {
  string name, value;
} header;

typedef struct {
  const header *items;
  size_t count;
} headers;

/* result<reply, string> */
typedef struct {
  uint8_t failed;
  union {
    struct {
      string data;
      headers headers;
    } reply;
    string error;
  };
} answer;

/* The handler of each message. */
answer *handle_message(string subject, headers sent, string data, headers params);

/* Parameters that are records come part by part. */
EXPORT("handle-message")
answer *hairspring_handle_message(const char *subject, size_t subject_length, const header *headers_items,
                                  size_t headers_count, const char *data, size_t data_length,
                                  const header *params_items, size_t params_count) {
  return handle_message((string){subject, subject_length}, (headers){headers_items, headers_count},
                        (string){data, data_length}, (headers){params_items, params_count});
}

/* Room for what the host writes. Each message has a new instance, so nothing need be freed. */
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

/* wasi:blobstore and the streams of wasi:io. Handles are numbers; an error is a text that begins with a code. */
#define BLOBSTORE(interface, name) IMPORT("wasi:blobstore/" interface "@0.2.0-draft", name)

/* result<handle, error>, result<list<u8>, error> and result<_, error> */
typedef struct {
  uint8_t failed;
  union {
    int32_t handle;
    string bytes;
    string error;
  };
} outcome;

/* result<_, stream-error> */
typedef struct {
  uint8_t failed;
  uint8_t tag;
  int32_t error;
} written;

BLOBSTORE("blobstore", "get-container")
void get_container(const char *name, size_t length, outcome *result);
BLOBSTORE("container", "[method]container.get-data")
void container_get_data(int32_t container, const char *name, size_t length, uint64_t start, uint64_t end,
                        outcome *result);
BLOBSTORE("container", "[method]container.write-data")
void container_write_data(int32_t container, const char *name, size_t length, int32_t value, outcome *result);
BLOBSTORE("types", "[static]incoming-value.incoming-value-consume-sync")
void incoming_value_consume(int32_t value, outcome *result);
BLOBSTORE("types", "[static]outgoing-value.new-outgoing-value")
int32_t new_outgoing_value(void);
BLOBSTORE("types", "[method]outgoing-value.outgoing-value-write-body")
void outgoing_value_body(int32_t value, outcome *stream);
BLOBSTORE("types", "[static]outgoing-value.finish")
void outgoing_value_finish(int32_t value, outcome *result);
IMPORT("wasi:io/streams@0.2.2", "[method]output-stream.blocking-write-and-flush")
void output_stream_write(int32_t stream, const char *bytes, size_t length, written *result);
IMPORT("wasi:io/streams@0.2.2", "[resource-drop]output-stream")
void output_stream_drop(int32_t stream);

#endif
