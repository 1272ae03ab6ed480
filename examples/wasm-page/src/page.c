#include "component.h"

static int32_t out;

static void print(string text) {
  moved result;
  output_stream_write(out, text.text, text.length, &result);
  if (result.failed) __builtin_trap();
}

#define PRINT(literal) print((string){literal, sizeof literal - 1})

/* A text of somebody else's, as a page may show it. */
static void print_escaped(string text) {
  size_t from = 0;
  for (size_t at = 0; at < text.length; at++) {
    char each = text.text[at];
    if (each != '<' && each != '&') continue;
    print((string){text.text + from, at - from});
    if (each == '<') PRINT("&lt;");
    else PRINT("&amp;");
    from = at + 1;
  }
  print((string){text.text + from, text.length - from});
}

static void print_body(int32_t request) {
  made body, stream;
  request_consume(request, &body);
  if (body.failed) return;
  incoming_body_stream(body.handle, &stream);
  if (stream.failed) return;
  moved piece;
  int is_empty = 1;
  for (;;) {
    input_stream_read(stream.handle, 4096, &piece);
    if (piece.failed) break;
    if (is_empty) PRINT("<pre>");
    is_empty = 0;
    print_escaped(piece.bytes);
  }
  if (!is_empty) PRINT("</pre>\n");
}

void handle(int32_t request, int32_t outparam) {
  int32_t headers = fields_new();
  appended added;
  fields_append(headers, "content-type", 12, "text/html;charset=utf-8", 23, &added);
  int32_t response = response_new(headers);
  made body, stream;
  response_body(response, &body);
  outgoing_body_write(body.handle, &stream);
  out = stream.handle;
  response_set_status(response, 200);
  outparam_set(outparam, 0, response, 0, 0, 0, 0, 0, 0);
  optional path;
  request_path(request, &path);
  PRINT("<p>This is ");
  print_escaped(path.value);
  PRINT(".</p>\n");
  print_body(request);
  output_stream_drop(out);
  finished result;
  outgoing_body_finish(body.handle, 0, 0, &result);
}
