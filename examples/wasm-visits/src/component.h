/* What a component in C sees of wit/function.wit and wasi:keyvalue. */
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

/* wasi:keyvalue */
enum { NO_SUCH_STORE, ACCESS_DENIED, OTHER };

typedef struct {
  uint8_t tag;
  string other;
} store_error;

/* result<bucket, error> */
typedef struct {
  uint8_t failed;
  union {
    int32_t bucket;
    store_error error;
  };
} opened;

/* result<s64, error> */
typedef struct {
  uint8_t failed;
  union {
    int64_t value;
    store_error error;
  };
} incremented;

IMPORT("wasi:keyvalue/store@0.2.0-draft2", "open")
void store_open(const char *identifier, size_t length, opened *result);
IMPORT("wasi:keyvalue/atomics@0.2.0-draft2", "increment")
void store_increment(int32_t bucket, const char *key, size_t length, int64_t delta, incremented *result);

#endif
